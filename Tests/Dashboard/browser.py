"""A visitor of the dashboard: a real Chromium, and what must never happen in it."""

import json
import os
from contextlib import contextmanager

from playwright.sync_api import expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Long, because other tests share the machine. Nothing waits so long but for a fault.
PATIENCE = 120_000

# Counts what the browser refused because of the content security policy, from before the first script.
WATCH = """
window.refusals = []
document.addEventListener('securitypolicyviolation', event => window.refusals.push(event.violatedDirective + ' ' + event.blockedURI))
"""


class Visitor:
    """One person with one browser profile. `faults` has what no visitor may ever see."""

    def __init__(self, browser, url, **options):
        self.url = url.rstrip("/")
        options.setdefault("viewport", {"width": 1440, "height": 900})
        self.context = browser.new_context(**options)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(WATCH)
        self.faults = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        # Always asked for: a chooser that opens at once would else be missed.
        self.page.on("filechooser", lambda chooser: None)

    def _console(self, message):
        # A failed call is logged by the browser itself; what the page makes of it is tested.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"{message.type}: {message.text}")

    def _request(self, request):
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.faults.append(f"a request to {request.url}")

    def open(self, path=""):
        self.page.goto(f"{self.url}/app/{path}")
        return self.page

    def set_password(self, link, password="correct horse battery staple"):
        """Accepts an invitation."""
        self.page.goto(self.url + link[link.index("/app/"):])
        self.page.get_by_label("New password").fill(password)
        self.page.get_by_role("button", name="Set password and sign in").click()
        expect(self.page.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()

    def sign_in(self, email, password="correct horse battery staple"):
        self.open("sign-in")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()

    def drop(self, path, target):
        """Drags a file of this machine onto an element, as the browser gets it from the desktop."""
        box = target.bounding_box()
        session = self.context.new_cdp_session(self.page)
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 10}
        data = {"items": [], "files": [path], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **at})

    def clipboard(self):
        return self.page.evaluate("navigator.clipboard.readText()")

    def say(self, text):
        """Waits until the page says so in passing."""
        expect(self.page.locator(".toast").filter(has_text=text).first).to_be_visible()

    def tab_to(self, target, key="Tab", most=200):
        """Goes with the Tab key until an element has the focus."""
        for _ in range(most):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"the Tab key never reaches {target}")

    def check(self):
        refused = self.page.evaluate("window.refusals")
        assert not refused, f"the content security policy refused {refused}"
        assert not self.faults, self.faults


@contextmanager
def chromium():
    """A browser, and the directory of its profile, that are gone afterwards."""
    # Chromium's own sandbox needs another user than root.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def answer(**figures):
    """What the caller reads."""
    print(json.dumps(figures))
