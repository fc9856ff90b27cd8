"""Runs one test of the dashboard: dashboard.py NAME, with a scene as JSON on standard input. Prints figures as JSON, if there are any."""

import json
import sys

from browser import Visitor, answer, chromium
from playwright.sync_api import expect


def editor(browser, scene):
    import editor

    visitor = Visitor(browser, scene["url"])
    editor.run(visitor, scene)
    visitor.check()


def keyboard(browser, scene):
    import keyboard

    visitor = Visitor(browser, scene["url"])
    keyboard.run(visitor, scene)
    visitor.check()


def owner(browser, scene):
    import owner

    visitor = Visitor(browser, scene["url"])
    invitation = owner.run(visitor, scene)

    # A second browser of the same member is signed out with the first one.
    elsewhere = Visitor(browser, scene["url"])
    elsewhere.sign_in(scene["email"])
    visitor.page.get_by_role("button", name="Sign out everywhere").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()

    # Within a second, everywhere.
    def is_signed_out():
        elsewhere.open("keys")
        expect(elsewhere.page.get_by_role("heading", level=1)).to_be_visible()
        return elsewhere.page.get_by_role("heading", name="Sign in").is_visible()

    owner.until(elsewhere.page, is_signed_out)
    # The page that was wanted comes after the sign-in.
    elsewhere.page.get_by_label("E-mail address").fill(scene["email"])
    elsewhere.page.get_by_label("Password").fill("wrong wrong wrong")
    elsewhere.page.keyboard.press("Enter")
    expect(elsewhere.page.get_by_role("alert")).to_contain_text("wrong")
    elsewhere.page.get_by_label("Password").fill("correct horse battery staple")
    elsewhere.page.keyboard.press("Enter")
    expect(elsewhere.page.get_by_role("heading", name="API keys")).to_be_visible()

    invited = Visitor(browser, scene["url"])
    invited.set_password(invitation)
    expect(invited.page.get_by_role("link", name="Keys")).to_have_count(0)
    for each in (visitor, elsewhere, invited):
        each.check()


def barriers(browser, scene):
    import barriers

    first = Visitor(browser, scene["url"])
    first.set_password(scene["invitation"])
    return barriers.run(lambda **options: Visitor(browser, scene["url"], **options), scene)


def strangers(browser, scene):
    import strangers

    first = Visitor(browser, scene["url"])
    first.set_password(scene["invitation"])
    strangers.watched(Visitor(browser, scene["url"]))
    for test in (strangers.hostile, strangers.foreign, strangers.viewer, strangers.finance):
        visitor = Visitor(browser, scene["url"])
        test(visitor, scene)
        visitor.check()


def budgets(browser, scene):
    import budgets

    first = Visitor(browser, scene["url"])
    first.set_password(scene["invitation"])
    # Signed in, and with nothing kept of the pages.
    visitor = Visitor(browser, scene["url"], storage_state=first.context.storage_state())
    figures = budgets.run(visitor, scene)
    visitor.check()
    return figures


def prefix(browser, scene):
    import prefix

    prefix.answers(scene["url"])
    with prefix.proxy(scene["url"]) as url:
        visitor = Visitor(browser, url)
        prefix.run(visitor, scene)
        visitor.check()


def unsaved(browser, scene):
    import unsaved

    people = [Visitor(browser, scene["url"]) for _ in range(3)]
    for visitor, link in zip(people, ("invitation", "colleague", "stranger")):
        visitor.set_password(scene[link])
    visitor, colleague, _ = people
    unsaved.run(visitor, colleague, scene)
    unsaved.tabs(visitor, scene)
    for each in people:
        each.check()


def everyday(browser, scene):
    import everyday
    import sending

    visitor = Visitor(browser, scene["url"])
    visitor.set_password(scene["invitation"])
    everyday.run(visitor, scene)
    sending.broken(visitor, scene)
    visitor.check()
    everyday.odd(browser, scene)


def sending(browser, scene):
    import sending

    visitor = Visitor(browser, scene["url"])
    visitor.set_password(scene["invitation"])
    sending.overage(visitor, scene)
    sending.cancelling(visitor)
    visitor.check()


def calls(browser, scene):
    import sending

    visitor = Visitor(browser, scene["url"])
    visitor.set_password(scene["invitation"])
    sending.calls(visitor, scene["running"])
    visitor.check()


def screenshots(browser, scene):
    import screenshots

    for link in ("invitation", "newcomer", "colleague"):
        visitor = Visitor(browser, scene["url"])
        visitor.set_password(scene[link])
    return {"files": screenshots.run(lambda **options: Visitor(browser, scene["url"], **options), scene)}


TESTS = {test.__name__: test for test in (editor, keyboard, owner, barriers, strangers, budgets, prefix, unsaved, everyday, sending, calls, screenshots)}

if __name__ == "__main__":
    with chromium() as running:
        figures = TESTS[sys.argv[1]](running, json.load(sys.stdin))
    answer(**(figures or {}))
