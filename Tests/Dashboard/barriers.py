"""No page has a barrier that axe-core finds: light and dark, on a phone and on a desk."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


def pages(scene):
    """Every page, and what must be visible before it is looked at. A function opens what lies above the page."""
    yield "jobs", lambda page: expect(page.get_by_role("row").filter(has_text=scene["name"])).to_be_visible()
    yield f"jobs/{scene['job']}", lambda page: expect(page.get_by_role("article").first).to_be_visible()
    for path in ("usage", "keys", "webhooks", f"webhooks/{scene['endpoint']}", "members", "settings", "nowhere"):
        yield path, lambda page: expect(page.locator("h1, .empty h2").first).to_be_visible()


def dialogs(scene):
    yield f"jobs/{scene['job']}", lambda page: page.locator(".chip").first.click()
    yield f"jobs/{scene['job']}", lambda page: page.get_by_role("button", name="Export").click()
    yield f"jobs/{scene['job']}", lambda page: (page.get_by_role("article").first.focus(), page.keyboard.press("e"))
    yield "keys", lambda page: page.get_by_role("button", name="New key").first.click()
    yield "members", lambda page: page.get_by_role("button", name="Invite").click()
    yield "webhooks", lambda page: page.get_by_role("button", name="Add endpoint").click()
    yield "settings", lambda page: page.get_by_role("button", name="Change your password").click()
    yield "settings", lambda page: page.keyboard.press("?")


def look(visitor, what, faults):
    # The rules need to put a script into the page, which the policy of the service forbids: this context has none.
    for violation in Axe().run(visitor.page, options=RULES).response["violations"]:
        for node in violation["nodes"]:
            faults.append(f"{what}: {violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}")


def run(new_visitor, scene):
    faults, seen = [], 0
    for width in (360, 1440):
        for scheme in ("light", "dark"):
            visitor = new_visitor(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
            visitor.open("sign-in")
            expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
            look(visitor, f"sign-in, {width}, {scheme}", faults)
            visitor.open("password#token=x")
            expect(visitor.page.get_by_role("heading", name="Choose a password")).to_be_visible()
            look(visitor, f"password, {width}, {scheme}", faults)
            visitor.sign_in(scene["email"])
            for path, ready in pages(scene):
                visitor.open(path)
                ready(visitor.page)
                look(visitor, f"{path}, {width}, {scheme}", faults)
                wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if wide > 0:
                    faults.append(f"{path}, {width}: wider than the window by {wide} pixels")
                for menu in visitor.page.get_by_role("button", name="Actions for").all()[:1]:
                    box = menu.bounding_box()
                    if box["x"] + box["width"] > width:
                        faults.append(f"{path}, {width}: what can be done with a row lies beyond the window")
                seen += 1
            for path, open_ in dialogs(scene) if width == 1440 or scheme == "light" else ():
                visitor.open(path)
                if path.startswith("jobs/"):
                    expect(visitor.page.get_by_role("article").first).to_be_visible()
                open_(visitor.page)
                expect(visitor.page.locator("dialog[open], .popover, .edit").first).to_be_visible()
                look(visitor, f"{path} with what lies above it, {width}, {scheme}", faults)
                seen += 1
            visitor.context.close()
    assert not faults, "\n".join(faults)
    return {"pages": seen}
