"""What must not happen: text that becomes markup, another account's data, and more than a role may see."""

from playwright.sync_api import expect


def watched(visitor):
    """What the policy refuses is noticed: without this, the other tests could not fail by it."""
    page = visitor.open("sign-in")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_function("window.refusals.length === 1")
    try:
        visitor.check()
    except AssertionError:
        return
    raise AssertionError("a style in the markup was not noticed")


def hostile(visitor, scene):
    """Text of customers shows as text. `scene` has a job whose name, words and metadata are hostile, and an owner to sign in as."""
    page = visitor.page
    visitor.sign_in(scene["email"])
    expect(page.get_by_role("row").filter(has_text="<script>")).to_be_visible()
    visitor.open(f"jobs/{scene['hostile']}")
    expect(page.get_by_role("article").first).to_contain_text('<img src=x onerror="alert(1)">')
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)</script>")
    expect(page.locator(".meta").first).to_contain_text("<b>bold</b>")
    # A name that hides the direction of writing is refused, in words; markup, another direction and a long word are text.
    page.locator(".chip").first.click()
    page.get_by_label("Name of speaker_0").fill("\u202eevil")
    page.keyboard.press("Enter")
    expect(page.locator(".toast.bad")).to_contain_text("Request req_")
    for name in ("</bdi><svg onload=alert(1)>", "שלום 🎙", "x" * 100):
        page.locator(".chip").first.click()
        page.get_by_label("Name of speaker_0").fill(name)
        page.keyboard.press("Enter")
        expect(page.locator(".chip").first).to_contain_text(name)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"a long word makes the page wider than the window, by {wide} pixels"
    page.get_by_role("link", name="Keys").click()
    page.get_by_role("button", name="New key").first.click()
    page.get_by_label("Name", exact=True).fill("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Make key").click()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("row").filter(has_text="<img src=x")).to_be_visible()
    made = page.evaluate("document.querySelectorAll('main script, main img, main iframe, main b, [onerror], [onload]').length")
    assert made == 0, "text became markup"
    for path in ("jobs?q=%3Cscript%3E&status=%22", "usage?period=%3Cx&by=metadata.%3Cb%3E", "webhooks/%3Cb%3E", "jobs/%2e%2e%2f"):
        visitor.open(path)
        expect(page.locator("h1, .empty h2").first).to_be_visible()


def foreign(visitor, scene):
    """Charlie asks for what is Alice's."""
    page = visitor.page
    visitor.set_password(scene["charlie"])
    for path in (f"jobs/{scene['job']}", f"jobs/{scene['hostile']}", f"webhooks/{scene['endpoint']}", "jobs/job_01M838XBK09NEZ8TK8X6352DVY", "nowhere"):
        visitor.open(path)
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        assert scene["name"] not in page.content()
    visitor.open("jobs")
    expect(page.get_by_role("heading", name="Your first transcript is a drop away")).to_be_visible()


def viewer(visitor, scene):
    page = visitor.page
    visitor.set_password(scene["viewer"])
    expect(page.get_by_role("row").filter(has_text=scene["name"])).to_be_visible()
    assert page.get_by_role("navigation", name="Pages", exact=True).inner_text().split() == ["Jobs", "Settings"]
    expect(page.locator(".drop")).to_have_count(0)
    for path in ("keys", "webhooks", "members", "usage"):
        visitor.open(path)
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    visitor.open(f"jobs/{scene['job']}")
    expect(page.get_by_role("article").first).to_be_visible()
    expect(page.get_by_role("button", name="Correct the text")).to_have_count(0)
    page.locator(".chip").first.click()
    expect(page.get_by_role("button", name="Copy their turns")).to_be_visible()
    expect(page.get_by_label("Name of speaker_0")).to_have_count(0)


def finance(visitor, scene):
    page = visitor.page
    visitor.set_password(scene["finance"])
    expect(page.get_by_role("heading", name="Minutes by day")).to_be_visible()
    assert page.get_by_role("navigation", name="Pages", exact=True).inner_text().split() == ["Usage", "Settings"]
    for path in ("jobs", f"jobs/{scene['job']}", "keys", "members"):
        visitor.open(path)
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    visitor.open("settings")
    expect(page.get_by_label("Cap in US dollars")).to_be_enabled()
