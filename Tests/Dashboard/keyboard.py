"""Everything that can be done, by keyboard alone: no pointer moves here."""

import re

from editor import words_of
from playwright.sync_api import expect


def run(visitor, scene):
    page = visitor.page
    press, typed = page.keyboard.press, page.keyboard.type
    page.goto(visitor.url + scene["invitation"][scene["invitation"].index("/app/"):])
    expect(page.get_by_label("New password")).to_be_focused()
    typed("correct horse battery staple")
    press("Enter")
    expect(page.get_by_role("heading", name="Jobs")).to_be_focused()

    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Choose recordings to send")
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    with page.expect_file_chooser() as chooser:
        press("n")
    chooser.value.set_files(scene["recording"])
    row = page.get_by_role("row").filter(has_text=scene["name"])
    expect(row).to_contain_text("completed")
    press("ArrowDown")
    expect(row.get_by_role("link")).to_be_focused()
    press("Enter")
    turns = page.get_by_role("article")
    expect(turns.first).to_be_visible()

    # The second speaker: rename, filter, copy, jump.
    press("2")
    expect(page.get_by_label("Name of speaker_1")).to_be_focused()
    typed("Reporter")
    press("Enter")
    visitor.say("speaker_1 is Reporter.")
    press("2")
    press("ArrowDown")
    press("f")
    expect(page.get_by_text("Showing only Reporter.")).to_be_visible()
    press("2")
    press("ArrowDown")
    press("f")
    expect(page.get_by_text("Showing only Reporter.")).to_be_hidden()
    press("2")
    press("ArrowDown")
    press("c")
    visitor.say("copied")
    assert "Reporter: " in visitor.clipboard()
    press("2")
    press("ArrowDown")
    press("j")
    expect(page.locator(".turn:focus .speaker")).to_have_text("Reporter")

    # The first word of the first paragraph.
    for _ in range(turns.count()):
        press("ArrowUp")
    press("ArrowRight")
    press("Enter")
    expect(page).to_have_url(re.compile(r"#t=\d"))
    press("e")
    expect(page.locator(".edit textarea").first).to_be_focused()
    typed("Vandelay")
    press("Enter")
    visitor.say("Corrected.")
    expect(turns.first).to_contain_text("Vandelay")

    press("/")
    typed("vandelay")
    press("Enter")
    expect(page.locator(".find output")).to_have_text("1 of 1")
    press("Escape")
    press("x")
    download = page.get_by_role("button", name="Download")
    visitor.tab_to(download)
    with page.expect_download() as saved:
        press("Enter")
    text = words_of(saved.value.path())
    assert "Reporter" in text and "Vandelay" in text, text
    expect(page.get_by_role("dialog")).to_have_count(0)

    keys(visitor)
    webhooks(visitor, scene)
    limits(visitor)


def keys(visitor):
    page = visitor.page
    press, typed = page.keyboard.press, page.keyboard.type
    press("g")
    press("k")
    expect(page.get_by_role("heading", name="API keys")).to_be_focused()
    press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    typed("newsroom")
    press("Enter")
    shown = page.get_by_label("API key", exact=True)
    expect(shown).to_have_text(re.compile("^tsk_live_"))
    visitor.tab_to(page.get_by_role("button", name="Done"))
    press("Enter")
    row = page.get_by_role("row").filter(has_text="newsroom")
    expect(row).to_contain_text("active")
    visitor.tab_to(row.get_by_role("button", name="Actions for newsroom"))
    press("Enter")
    expect(page.get_by_role("button", name="Change")).to_be_focused()
    press("ArrowUp")
    expect(page.get_by_role("button", name="Revoke")).to_be_focused()
    press("Enter")
    visitor.tab_to(page.get_by_role("button", name="Revoke the key"))
    press("Enter")
    visitor.say("The key is revoked.")
    expect(page.get_by_text("1 revoked")).to_be_visible()


def webhooks(visitor, scene):
    page = visitor.page
    press, typed = page.keyboard.press, page.keyboard.type
    press("g")
    press("w")
    expect(page.get_by_role("heading", name="Webhooks")).to_be_focused()
    press("n")
    expect(page.get_by_label("URL")).to_be_focused()
    typed(scene["receiver"])
    press("Enter")
    expect(page.get_by_label("Signing secret", exact=True)).to_have_text(re.compile("^whsec_"))
    visitor.tab_to(page.get_by_role("button", name="Done"))
    press("Enter")
    expect(page.get_by_role("heading", name=scene["receiver"])).to_be_visible()
    press("t")
    expect(page.get_by_text("It answered 2")).to_be_visible()
    press("r")
    expect(page.get_by_label("Events since")).to_be_focused()
    visitor.tab_to(page.get_by_role("button", name="Replay", exact=True))
    press("Enter")
    visitor.say("nothing to send again")


def limits(visitor):
    page = visitor.page
    press, typed = page.keyboard.press, page.keyboard.type
    press("g")
    press("s")
    expect(page.get_by_role("heading", name="Settings")).to_be_focused()
    visitor.tab_to(page.get_by_label("Cap in US dollars"))
    typed("12.5")
    press("Enter")
    visitor.say("Cap: saved.")
    page.reload()
    expect(page.get_by_label("Cap in US dollars")).to_have_value("12.50")
    visitor.tab_to(page.get_by_role("button", name="Sign out everywhere"))
    press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_be_focused()
