"""What was typed stays, or is asked about: conflicts, leaving, the end of the session, another tab."""

import re

from browser import Visitor
from playwright.sync_api import expect


def turn(page, text):
    return page.get_by_role("article").filter(has_text=text).first


def begin(page, text):
    """Opens the editor of a paragraph. Returns the field of the sentence."""
    find = page.get_by_label("Find in the transcript")
    find.fill(text)
    find.press("Enter")
    paragraph = turn(page, text)
    paragraph.focus()
    page.keyboard.press("e")
    areas = page.locator(".edit textarea")
    expect(areas.first).to_be_visible()
    for area in areas.all():
        if text in area.input_value():
            return area
    raise AssertionError(f"no field has {text}")


def open_(visitor, scene):
    visitor.open("jobs")
    visitor.page.get_by_role("row").filter(has_text=scene["name"]).get_by_role("link").click()
    expect(visitor.page.get_by_role("article").first).to_be_visible()


def run(visitor, colleague, scene):
    for each in (visitor, colleague):
        open_(each, scene)
    conflict(visitor.page, colleague, scene)
    around(visitor, scene)
    leaving(visitor, scene)
    nothing(visitor)
    new_speaker(visitor.page)
    session(visitor, scene)


def conflict(page, colleague, scene):
    """Two correct one paragraph: both sentences stay."""
    begin(page, "I know the water").fill("I know this water.")
    begin(colleague.page, "The captain knows").fill("Every captain knows his ship.")
    colleague.page.get_by_role("button", name="Save").click()
    colleague.say("Corrected.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="corrected meanwhile")).to_be_visible()
    # What nobody touched here is up to date.
    fields = [area.input_value() for area in page.locator(".edit textarea").all()]
    assert "Every captain knows his ship." in fields and "I know this water." in fields, fields
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".edit")).to_have_count(0)
    expect(turn(page, "I know this water.")).to_contain_text("Every captain knows his ship.")
    open_(colleague, scene)
    expect(turn(colleague.page, "I know this water.")).to_contain_text("Every captain knows his ship.")

    # Who gives up sees what there is now.
    begin(page, "I know this water").fill("I know all water.")
    begin(colleague.page, "I know this water").fill("I know the sea.")
    colleague.page.get_by_role("button", name="Save").click()
    expect(turn(colleague.page, "I know the sea.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="I know the sea.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(turn(page, "I know the sea.")).to_be_visible()


def around(visitor, scene):
    """The field stays while the page changes around it."""
    page = visitor.page
    area = begin(page, "So the two of you share")
    area.fill("typed")
    page.set_viewport_size({"width": 700, "height": 600})
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(turn(page, "in Greek")).to_be_visible()
    # With the focus elsewhere.
    page.get_by_label("Find in the transcript").fill("harbor")
    page.keyboard.press("Enter")
    page.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))")
    page.locator(".chip").nth(0).click()
    page.get_by_label("Name of speaker_0").fill("Mara")
    # A click elsewhere keeps the name.
    page.mouse.click(5, 300)
    visitor.say("speaker_0 is Mara.")
    expect(page.locator(".chip").first).to_contain_text("Mara")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".edit textarea").first).to_have_value("typed")
    # Two of them would be one too many.
    turn(page, "Down in the engine room").focus()
    page.keyboard.press("e")
    expect(page.locator(".edit")).to_have_count(1)


def leaving(visitor, scene):
    page = visitor.page
    question = page.get_by_role("dialog").filter(has_text="Leave without saving?")
    for leave in (lambda: page.get_by_role("link", name="Usage").first.click(), page.go_back, lambda: page.get_by_role("button", name="Sign out").click()):
        leave()
        expect(question).to_be_visible()
        question.get_by_role("button", name="Keep editing").click()
        expect(question).to_have_count(0)
        assert page.url.endswith(scene["job"]), page.url
        expect(page.locator(".edit textarea").first).to_have_value("typed")
    # The browser asks as well.
    asked = []

    def ask(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", ask)
    page.evaluate("location.reload()")
    page.wait_for_function("() => document.querySelector('.edit textarea').value === 'typed'")
    assert asked == ["beforeunload"], asked
    page.get_by_role("link", name="Usage").first.click()
    question.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Minutes by day")).to_be_visible()
    # What lay above a page goes with it.
    open_(visitor, scene)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_forward()
    expect(page.get_by_role("article").first).to_be_visible()


def nothing(visitor):
    """A paragraph without text is asked about, and comes back by the key for undoing."""
    page = visitor.page
    begin(page, "And then?").fill("")
    page.keyboard.press("Enter")
    question = page.get_by_role("dialog").filter(has_text="Remove this paragraph?")
    question.get_by_role("button", name="Remove").click()
    visitor.say("Corrected.")
    expect(page.get_by_role("article").filter(has_text="And then?")).to_have_count(0)
    page.keyboard.press("z")
    expect(turn(page, "And then?")).to_be_visible()


def new_speaker(page):
    """Somebody whom nobody has heard, twice: the same place among the speakers each time."""
    chips = page.locator(".chip")
    expect(chips).to_have_count(3)
    for _ in range(2):
        begin(page, "And then?")
        page.locator(".edit select").select_option("speaker_3")
        page.get_by_role("button", name="Save").click()
        expect(chips).to_have_count(4)
        page.keyboard.press("z")
        expect(chips).to_have_count(3)


def session(visitor, scene):
    """The session ends while somebody types: the password is asked for above the page."""
    page = visitor.page
    area = begin(page, "And then?")
    area.fill("And then, at last?")
    elsewhere = Visitor(page.context.browser, visitor.url)
    elsewhere.sign_in(scene["email"])
    elsewhere.open("settings")
    elsewhere.page.get_by_role("button", name="Sign out everywhere").click()
    expect(elsewhere.page.get_by_role("heading", name="Sign in")).to_be_visible()
    ended = page.get_by_role("dialog").filter(has_text="Your session has ended")
    # The end holds everywhere within a second: until then the node may still know the session.
    for number in range(200):
        area.fill(f"And then, at last, {number}?")
        with page.expect_response(lambda answer: answer.request.method == "PATCH") as saved:
            page.get_by_role("button", name="Save").click()
        if saved.value.status == 401:
            break
        expect(page.locator(".edit")).to_have_count(0)
        area = begin(page, "And then")
    expect(ended).to_be_visible()
    ended.get_by_label("Password").fill("correct horse battery staple")
    ended.get_by_role("button", name="Sign in").click()
    expect(ended).to_have_count(0)
    expect(area).to_have_value(re.compile("And then, at last, "))
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".edit")).to_have_count(0)
    expect(turn(page, "And then, at last, ")).to_be_visible()


def tabs(visitor, scene):
    """What one tab does with the session, the others know."""
    page = visitor.page
    open_(visitor, scene)
    assert page.request.get(f"{visitor.url}/jobs/{scene['job']}/transcript?format=json").headers["cache-control"] == "no-store"
    other = visitor.context.new_page()
    other.goto(f"{visitor.url}/app/settings")
    other.get_by_role("button", name="Sign out", exact=True).click()
    # The transcript is gone from the first tab, too, and from what the browser keeps.
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)
    assert page.evaluate("""path => fetch(path, { cache: 'only-if-cached', mode: 'same-origin', headers: { Accept: 'application/json' } })
        .then(answer => answer.status, () => 'nothing')""", f"{visitor.url}/jobs/{scene['job']}/transcript?format=json") in ("nothing", 504)

    def sign_in(tab, email):
        tab.goto(f"{visitor.url}/app/sign-in")
        tab.get_by_label("E-mail address").fill(email)
        tab.get_by_label("Password").fill("correct horse battery staple")
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()

    # The same member again: the older tab can go on changing things.
    sign_in(page, scene["email"])
    sign_in(other, scene["email"])
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Cap in US dollars").fill("7")
    page.keyboard.press("Enter")
    visitor.say("Cap: saved.")
    # Somebody else: no tab shows one's name over the other's jobs.
    sign_in(other, scene["stranger_email"])
    expect(page.locator(".who")).to_contain_text(scene["stranger_email"])
    other.close()
