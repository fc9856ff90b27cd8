"""Photographs every page, on a phone and on a desk, light and dark."""

import os

from playwright.sync_api import Error, expect

OWNER, NEWCOMER = "mara@harbor-radio.example", "nils@quay.example"


def heading(name):
    return lambda page: expect(page.get_by_role("heading", name=name).first).to_be_visible()


def transcript(page):
    expect(page.get_by_role("article").first).to_be_visible()


def speaker(page):
    transcript(page)
    page.locator(".chip").nth(1).click()
    expect(page.locator(".popover")).to_be_visible()


def correction(page):
    transcript(page)
    page.get_by_role("article").nth(1).focus()
    page.keyboard.press("e")
    expect(page.locator(".edit textarea").first).to_be_visible()


def export(page):
    transcript(page)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def dialog(button, ready):
    def open_(page):
        ready(page)
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
    return open_


def shortcuts(page):
    heading("Settings")(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def pages(scene):
    """Names of the pages, their addresses, and what opens and awaits what is to be seen."""
    job = f"jobs/{scene['job']}"
    yield "jobs", "jobs", lambda page: expect(page.get_by_role("row").filter(has_text="Interview")).to_be_visible()
    yield "job-running", f"jobs/{scene['running']}", lambda page: expect(page.get_by_role("progressbar")).to_be_visible()
    yield "transcript", job, transcript
    yield "transcript-speaker", job, speaker
    yield "transcript-correction", job, correction
    yield "transcript-export", job, export
    yield "usage", "usage", lambda page: expect(page.locator(".chart")).to_be_visible()
    yield "keys", "keys", lambda page: expect(page.get_by_role("row").filter(has_text="Newsroom")).to_be_visible()
    yield "keys-new", "keys", dialog("New key", heading("API keys"))
    yield "webhooks", "webhooks", heading("Webhooks")
    yield "webhook", f"webhooks/{scene['endpoint']}", lambda page: expect(page.get_by_role("row").filter(has_text="delivered")).to_have_count(7)
    yield "members", "members", lambda page: expect(page.get_by_role("row").filter(has_text="per@")).to_be_visible()
    yield "settings", "settings", heading("Settings")
    yield "shortcuts", "settings", shortcuts
    yield "not-found", "nowhere", lambda page: expect(page.locator(".empty")).to_be_visible()


# One accent, two looks: these show the dark one.
DARK = ("sign-in", "jobs", "transcript", "transcript-speaker", "usage")


def capture(page, path):
    """Chromium refuses a picture now and then while it has drawn nothing for the page, and takes the same one when it is asked again."""
    for remaining in (2, 1, 0):
        try:
            page.screenshot(path=path, animations="disabled", caret="hide")
            return
        except Error as error:
            if not remaining or "Unable to capture screenshot" not in error.message:
                raise
            # The next frame is one that it has drawn.
            page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def run(new_visitor, scene):
    files = []

    def photograph(visitor, name, width, scheme):
        if scheme == "dark" and name not in DARK:
            return
        # Carets and fades would make every picture another one.
        file = f"{name}-{width}{'-dark' if scheme == 'dark' else ''}.png"
        visitor.page.evaluate("document.fonts.ready")
        capture(visitor.page, os.path.join(scene["folder"], file))
        files.append(file)

    for width, height in ((360, 780), (1440, 900)):
        for scheme in ("light", "dark"):
            options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "locale": "en-US", "timezone_id": "UTC"}
            visitor = new_visitor(**options)
            visitor.open("sign-in")
            heading("Sign in")(visitor.page)
            photograph(visitor, "sign-in", width, scheme)
            visitor.open("password#token=x")
            heading("Choose a password")(visitor.page)
            photograph(visitor, "password", width, scheme)
            visitor.sign_in(OWNER)
            for name, path, ready in pages(scene):
                visitor.open(path)
                ready(visitor.page)
                photograph(visitor, name, width, scheme)
            visitor.check()
            visitor.context.close()

            newcomer = new_visitor(**options)
            newcomer.sign_in(NEWCOMER)
            expect(newcomer.page.locator(".empty")).to_be_visible()
            photograph(newcomer, "first-steps", width, scheme)
            newcomer.check()
            newcomer.context.close()
    return files
