"""Smaller things that happen every day: taking back, other files, printing, narrow choices, odd browsers."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import Visitor
from playwright.sync_api import expect


def run(visitor, scene):
    deletion(visitor, scene)
    reading(visitor, scene)
    listening(visitor, scene)
    choices(visitor)
    addresses(visitor)


def deletion(visitor, scene):
    page = visitor.page
    visitor.open("jobs")
    row = page.get_by_role("row").filter(has_text=scene["name"])

    def delete():
        row.get_by_role("button", name=f"Actions for {scene['name']}").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(row).to_have_count(0)

    delete()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    # From its own page as well, by the keyboard; and the row leads there, wherever it is clicked.
    row.get_by_text("completed").click()
    expect(page.get_by_role("article").first).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete this job").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    expect(row).to_have_count(0)
    page.keyboard.press("z")
    expect(page.get_by_role("article").first).to_be_visible()


def reading(visitor, scene):
    page = visitor.page
    turns = page.get_by_role("article")
    # On paper there is all of the text, and nothing to press.
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(turns.filter(has_text="brought ships")).not_to_have_count(0)
    assert turns.count() == int(turns.first.get_attribute("aria-setsize")), turns.count()
    for hidden in (".chips", ".strip", ".player", ".rail", ".tools"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page.locator(".player")).to_be_visible()

    # A few words are copied with their speaker and time; so is all of it, though most is not in the document.
    page.evaluate("""() => {
        const word = document.querySelectorAll('.turn .w')[2]
        getSelection().selectAllChildren(word)
    }""")
    page.keyboard.press("Control+c")
    assert re.fullmatch(r"\[00:00:00\] speaker_0: \w+", visitor.clipboard()), visitor.clipboard()
    page.set_viewport_size({"width": 1440, "height": 300})
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    lines = visitor.clipboard().split("\n")
    assert len(lines) == int(turns.first.get_attribute("aria-setsize")) and all(line.startswith("[00:0") for line in lines), len(lines)
    assert "Greek" in lines[-1], lines[-1]
    page.set_viewport_size({"width": 1440, "height": 900})
    # A selection from the heading into the text is no obstacle for a page that is drawn anew.
    page.evaluate("getSelection().setBaseAndExtent(document.querySelector('h1'), 0, document.querySelectorAll('.turn p')[1], 1)")
    page.set_viewport_size({"width": 700, "height": 700})
    expect(turns.filter(has_text="brought ships")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(turns.filter(has_text="brought ships")).to_be_visible()
    page.evaluate("getSelection().removeAllRanges()")

    # A double click corrects the word.
    word = page.locator(".turn .w").nth(5)
    wanted = word.inner_text()
    word.dblclick()
    area = page.locator(".edit textarea").first
    assert area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == wanted
    page.keyboard.press("Escape")
    expect(page.locator(".edit")).to_have_count(0)

    # The Tab key finds its way into the text wherever it was scrolled to.
    turns.first.focus()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(turns.filter(has_text="in Greek")).to_be_visible()
    expect(page.locator('.turn[tabindex="0"]')).to_have_count(1)


def listening(visitor, scene):
    """A file that is none, and one that is another recording."""
    page = visitor.page
    with TemporaryDirectory() as folder:
        text = Path(folder, "notes.mp3")
        text.write_text("These are my notes.")
        for path, words in ((text, "can’t play this file"), (scene["recording"], "Is it another one?")):
            with page.expect_file_chooser() as chooser:
                page.get_by_role("button", name="Play your own copy").click()
            chooser.value.set_files(path)
            visitor.say(words)
    page.get_by_role("button", name="Close the player").click()
    expect(page.get_by_role("button", name="Play your own copy")).to_be_focused()


def choices(visitor):
    """What can't be taken back is asked about first."""
    page = visitor.page
    visitor.open("settings")
    days = page.get_by_label("Days")
    days.fill("3")
    days.press("Enter")
    question = page.get_by_role("dialog").filter(has_text="Keep transcripts for 3 days?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    page.reload()
    expect(days).to_have_value("")

    visitor.open("members")
    page.get_by_role("button", name=re.compile("^Actions for c")).click()
    page.get_by_role("button", name="Change the role").click()
    role = page.get_by_label("Role", exact=True)
    role.focus()
    # Looking through them changes nothing.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    role.select_option("finance")
    page.get_by_role("button", name="Save").click()
    visitor.say("is finance now.")
    expect(page.get_by_role("row").filter(has_text=re.compile("^c"))).to_contain_text("finance")


def addresses(visitor):
    page = visitor.page
    for path in ("%ff", "jobs/%E0%A4%A", "%"):
        visitor.open(path)
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def odd(browser, scene):
    """A browser that stores nothing, and links that lead nowhere good after the sign-in."""
    visitor = Visitor(browser, scene["url"])
    visitor.context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })")
    visitor.sign_in(scene["email"])
    expect(visitor.page.get_by_role("row").filter(has_text=scene["name"])).to_be_visible()
    visitor.page.get_by_role("link", name="Settings").click()
    visitor.page.get_by_label("Look").select_option("dark")
    assert visitor.page.evaluate("document.documentElement.dataset.theme") == "system"
    visitor.check()
    for wanted in ("http://[", "%25", "password%23token%3Dx", "./password", "//example.com/", "javascript:alert(1)"):
        other = Visitor(browser, scene["url"])
        other.open(f"sign-in?next={wanted}")
        other.page.get_by_label("E-mail address").fill(scene["email"])
        other.page.get_by_label("Password").fill("correct horse battery staple")
        other.page.keyboard.press("Enter")
        expect(other.page.get_by_role("heading", name="Jobs").or_(other.page.get_by_role("heading", name="There is no such page"))).to_be_visible()
        other.check()
        other.context.close()
