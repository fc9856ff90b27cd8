"""From an invitation to a corrected Word document, with the pointer: what an editor does in the first five minutes."""

import re
import zipfile

from playwright.sync_api import expect


def words_of(path):
    with zipfile.ZipFile(path) as document:
        return re.sub(r"<[^>]+>", " ", document.read("word/document.xml").decode())


def run(visitor, scene):
    page = visitor.page
    visitor.set_password(scene["invitation"])
    expect(page.get_by_role("heading", name="Your first transcript is a drop away")).to_be_visible()

    # Drop a file, and watch it to its end without touching the page.
    visitor.drop(scene["recording"], page.locator(".drop"))
    row = page.get_by_role("row").filter(has_text=scene["name"])
    expect(row).to_contain_text("completed")
    assert page.url.endswith("/app/jobs")
    row.get_by_role("link").click()
    turns = page.get_by_role("article")
    expect(turns.first).to_be_visible()
    chips = page.locator(".chip")
    expect(chips).to_have_count(2)

    # A click on the speaker's chip: rename, filter, copy, jump.
    chips.nth(1).click()
    popover = page.get_by_role("dialog")
    popover.get_by_label("Name of speaker_1").fill("Reporter")
    page.keyboard.press("Enter")
    visitor.say("speaker_1 is Reporter.")
    expect(chips.nth(1)).to_contain_text("Reporter")
    expect(page.locator(".turn .speaker").filter(has_text="Reporter").first).to_be_visible()

    everybody = turns.count()
    chips.nth(1).click()
    popover.get_by_role("button", name="Show only this speaker").click()
    expect(page.get_by_text("Showing only Reporter.")).to_be_visible()
    assert set(page.locator(".turn .speaker").all_inner_texts()) == {"Reporter"}
    page.get_by_role("button", name="Show everybody").click()
    expect(turns).to_have_count(everybody)

    chips.nth(1).click()
    popover.get_by_role("button", name="Copy their turns").click()
    visitor.say("copied")
    assert re.match(r"\[00:00:\d\d\] Reporter: \w+", visitor.clipboard()), visitor.clipboard()

    chips.nth(1).click()
    popover.get_by_role("button", name="Jump to first turn").click()
    expect(page.locator(".turn:focus .speaker")).to_have_text("Reporter")

    # Undo takes the name away again, and it can be given again.
    chips.nth(1).click()
    popover.get_by_label("Name of speaker_1").fill("Nobody")
    page.keyboard.press("Enter")
    visitor.say("speaker_1 is Nobody.")
    page.locator(".toast").filter(has_text="Nobody").get_by_role("button", name="Undo").click()
    expect(chips.nth(1)).to_contain_text("Reporter")

    # Click a word for its time; the address leads there.
    word = page.locator(".turn .w").nth(3)
    word.click()
    expect(page).to_have_url(re.compile(r"#t=\d"))
    expect(page.locator(".w.at")).to_have_text(word.inner_text())

    # Correct the word.
    before = word.inner_text()
    turns.first.hover()
    turns.first.get_by_role("button", name=re.compile("Correct the text")).click()
    area = page.locator(".edit textarea").first
    assert area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == before
    page.keyboard.type("Vandelay")
    page.get_by_role("button", name="Save").click()
    visitor.say("Corrected.")
    expect(turns.first).to_contain_text("Vandelay")

    # Find it.
    page.get_by_label("Find in the transcript").fill("vandelay")
    page.keyboard.press("Enter")
    expect(page.locator(".find output")).to_have_text("1 of 1")

    # The Word document has the name and the correction.
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    text = words_of(download.value.path())
    assert "Reporter" in text and "Vandelay" in text, text
    assert download.value.suggested_filename.endswith(".docx")

    # The original is kept.
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Corrections").click()
    page.get_by_role("button", name="Read the original").click()
    expect(page.get_by_text("This is the text as it was recognized")).to_be_visible()
    expect(turns.first).to_contain_text(before)
    expect(turns.first).not_to_contain_text("Vandelay")

    listen(visitor, scene)
    link(visitor)


def listen(visitor, scene):
    """Plays the reader's own file in step with the words. Nothing is sent."""
    page = visitor.page
    page.get_by_role("link", name="Read the latest").click()
    expect(page.get_by_text("This is the text as it was recognized")).to_have_count(0)
    expect(page.get_by_text("Nothing is uploaded.")).to_be_visible()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Play your own copy").click()
    chooser.value.set_files(scene["recording"])
    place = page.get_by_label("Place")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.wait_for_function("() => document.querySelector('.player input[type=range]').max > 1")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".w.now")).to_have_count(1)
    first = page.locator(".w.now").inner_text()
    page.wait_for_function("first => document.querySelector('.w.now') && document.querySelector('.w.now').innerText !== first", arg=first)
    # Nothing else is marked, whatever was chosen before.
    expect(page.locator(".w.at")).to_have_count(0)
    page.get_by_role("button", name="Pause").click()
    # A word leads to its place in the file.
    word = page.locator(".turn").last.locator(".w").last
    word.click()
    start = word.evaluate("element => element.word.start")
    page.wait_for_function("start => Math.abs(document.querySelector('.player input[type=range]').value - start) < 0.2", arg=start)
    assert place.is_visible() and sent == [], sent
    page.get_by_role("button", name="Close the player").click()
    expect(page.locator(".w.now")).to_have_count(0)


def link(visitor):
    """A link to a moment opens at that moment, in another tab."""
    page = visitor.page
    page.get_by_role("button", name="Copy link").click()
    visitor.say("copied")
    address = visitor.clipboard()
    assert re.search(r"#t=[\d.]+$", address), address
    other = visitor.context.new_page()
    other.goto(address)
    expect(other.locator(".w.at")).to_be_visible()
    other.close()
