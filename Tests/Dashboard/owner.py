"""Keys, webhooks, members, limits and the end of a session, with the pointer."""

import json
import re
import urllib.error
import urllib.request

from playwright.sync_api import expect


def log_in(url, key):
    """The status that a program gets that logs in with a key."""
    request = urllib.request.Request(
        f"{url}/auth/token", json.dumps({"api_key": key}).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def run(visitor, scene):
    visitor.set_password(scene["invitation"])
    keys(visitor)
    webhooks(visitor, scene)
    invitation = members(visitor)
    usage(visitor)
    limits(visitor)
    return invitation


def keys(visitor):
    page = visitor.page
    page.get_by_role("link", name="Keys").click()
    page.get_by_role("button", name="New key").first.click()
    # What the API rejects is said at its field, and what was typed stays.
    page.get_by_role("button", name="Make key").click()
    expect(page.locator('[data-field="name"] .problem')).to_be_visible()
    page.get_by_label("Name", exact=True).fill("newsroom")
    page.get_by_label("manage webhooks").uncheck()
    page.get_by_role("button", name="Make key").click()
    shown = page.get_by_label("API key", exact=True)
    expect(shown).to_have_text(re.compile("^tsk_live_"))
    key = shown.inner_text()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert visitor.clipboard() == key
    page.get_by_role("button", name="Done").click()
    row = page.get_by_role("row").filter(has_text="newsroom")
    expect(row).to_contain_text("active")
    expect(row).not_to_contain_text("webhooks:write")
    assert key not in page.content(), "the key is shown once"
    assert log_in(visitor.url, key) == 200

    row.get_by_role("button", name="Actions for newsroom").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke the key").click()
    visitor.say("The key is revoked.")
    assert log_in(visitor.url, key) == 401


def webhooks(visitor, scene):
    page = visitor.page
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("button", name="Add endpoint").click()
    page.get_by_label("URL").fill("http://10.0.0.1/hook")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".problem:visible")).to_have_count(1)
    page.get_by_label("URL").fill(scene["receiver"])
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Signing secret", exact=True)).to_have_text(re.compile("^whsec_"))
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name=scene["receiver"])).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("It answered 2")).to_be_visible()

    # An event, and the same again.
    endpoint = page.url
    page.get_by_role("link", name="Jobs").click()
    page.get_by_label("Link to a recording").fill("http://127.0.0.1:1/nothing.mp3")
    page.get_by_role("button", name="Transcribe link").click()
    page.get_by_role("button", name="Actions for 127.0.0.1:1/nothing.mp3").click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("row").filter(has_text="nothing.mp3")).to_contain_text("cancelled")
    page.goto(endpoint)
    delivered = page.get_by_role("row").filter(has_text="job.cancelled")
    until(page, lambda: (page.reload(), expect(page.get_by_role("heading", name="Deliveries")).to_be_visible(), delivered.count())[-1] == 1
          and "delivered" in delivered.inner_text())
    page.get_by_role("button", name="Replay…").click()
    page.get_by_label("Which").select_option("all")
    page.get_by_role("button", name="Replay", exact=True).click()
    visitor.say("1 event is sent again.")


def until(page, condition, most=200):
    """For what the page shows only when it is opened again."""
    for _ in range(most):
        if condition():
            return
        page.wait_for_timeout(250)
    raise AssertionError("it never happened")


def members(visitor):
    page = visitor.page
    page.get_by_role("link", name="Members").click()
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("E-mail address").fill("not an address")
    page.get_by_role("button", name="Make an invitation").click()
    expect(page.locator('[data-field="email"] .problem')).to_be_visible()
    page.get_by_label("E-mail address").fill("vera@example.com")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Make an invitation").click()
    link = page.get_by_label("Link", exact=True)
    expect(link).to_have_text(re.compile("/app/password#token="))
    invitation = link.inner_text()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("row").filter(has_text="vera@example.com")).to_contain_text("invited")
    return invitation


def usage(visitor):
    page = visitor.page
    page.get_by_role("link", name="Usage").first.click()
    expect(page.get_by_role("heading", name="Minutes by day")).to_be_visible()
    page.get_by_role("link", name="Month before").click()
    expect(page.get_by_role("link", name="Month after")).to_be_visible()
    page.get_by_label("Split by").select_option("metadata")
    page.get_by_label("Name in the metadata").fill("project")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("by=metadata.project"))
    with page.expect_popup() as popup:
        page.get_by_role("link", name=re.compile("Print the statement")).first.click()
    expect(popup.value.get_by_role("heading", name=re.compile("^Statement "))).to_be_visible()
    popup.value.close()


def limits(visitor):
    page = visitor.page
    page.get_by_role("link", name="Settings").click()
    cap = page.get_by_label("Cap in US dollars")
    cap.fill("lots")
    cap.press("Enter")
    expect(page.locator('[data-field="overage_cap_cents"] .problem')).to_have_text("Write an amount such as 50.00.")
    cap.fill("1,234.56")
    cap.press("Enter")
    visitor.say("Cap: saved.")
    page.reload()
    expect(cap).to_have_value("1234.56")
    password(visitor)
    page.get_by_label("90%").check()
    page.locator("form").filter(has=page.get_by_label("90%")).get_by_role("button", name="Save").click()
    visitor.say("Alerts: saved.")
    page.reload()
    expect(page.get_by_label("90%")).to_be_checked()


def password(visitor):
    """Changed to another one and back: the session goes on."""
    page = visitor.page
    first, second = "correct horse battery staple", "an even better password"
    for now, next_ in ((first, second), (second, first)):
        page.get_by_role("button", name="Change your password").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Present password").fill("something wrong")
        dialog.get_by_label("New password").fill("short")
        dialog.get_by_role("button", name="Change it").click()
        expect(dialog.get_by_text("At least 10 characters.")).to_be_visible()
        dialog.get_by_label("New password").fill(next_)
        dialog.get_by_role("button", name="Change it").click()
        expect(dialog.get_by_text("This is not your present password.")).to_be_visible()
        dialog.get_by_label("Present password").fill(now)
        dialog.get_by_role("button", name="Change it").click()
        visitor.say("Your password is changed.")
