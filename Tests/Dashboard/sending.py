"""Recordings on their way: overage, a slow line, a broken one, and how many calls a page holds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import expect


def overage(visitor, scene):
    """The month is used up: the price is offered, and shown afterward."""
    page = visitor.page
    visitor.open("jobs")
    visitor.drop(scene["recording"], page.locator(".drop"))
    line = page.locator(".upload").filter(has_text=scene["name"])
    expect(line).to_contain_text("minutes beyond the month are billed")
    line.get_by_role("button", name="Transcribe as overage").click()
    expect(page.get_by_role("row").filter(has_text=scene["name"])).to_contain_text("completed")
    expect(line).to_have_count(0)
    page.get_by_role("link", name="Usage").first.click()
    legend = page.locator(".legend")
    expect(legend).to_contain_text("overage")
    expect(legend).to_contain_text(scene["email"])
    expect(page.locator(".chart g")).to_have_count(1)
    page.get_by_text("As numbers").click()
    month = page.request.get(f"{visitor.url}/usage?group_by=day").json()
    assert month["overage_seconds"] == month["used_seconds"] > 0, month
    minutes = page.evaluate("seconds => new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }).format(seconds / 60)", month["used_seconds"])
    row = page.get_by_role("table", name="Minutes by day").get_by_role("row").nth(1)
    expect(row.get_by_role("cell").nth(1)).to_have_text(f"{minutes} min")
    expect(row.get_by_role("cell").nth(2)).to_have_text(f"{minutes} min")
    money = page.evaluate("cents => new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD' }).format(cents / 100)", month["overage_amount_cents"])
    expect(page.locator(".big").filter(has_text=money)).to_be_visible()


def cancelling(visitor):
    """On a slow line a recording can be taken back, and nothing of it is left."""
    page = visitor.page
    visitor.open("jobs")
    session = visitor.context.new_cdp_session(page)
    with TemporaryDirectory() as folder:
        large = Path(folder, "large.wav")
        with large.open("wb") as file:
            file.truncate(40_000_000)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose files").click()
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000})
        chooser.value.set_files(large)
        line = page.locator(".upload").filter(has_text="large.wav")
        expect(line.get_by_role("progressbar")).to_be_visible()
        button = line.get_by_role("button", name="Cancel")
        button.focus()
        page.wait_for_function("() => document.querySelector('.upload progress').value > 0.05")
        expect(button).to_be_focused()
        button.click()
        expect(line).to_have_count(0)
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
    page.reload()
    expect(page.get_by_role("row").filter(has_text="completed")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="large.wav")).to_have_count(0)


def broken(visitor, scene):
    """An answer that is lost on its way, and a first try that the service still has: sent again, taken once."""
    page = visitor.page
    visitor.open("jobs")
    tries = []

    def answer(route):
        if route.request.method != "POST":
            return route.fallback()
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) == 1:
            route.fetch()
            return route.abort("connectionreset")
        if len(tries) == 2:
            return route.fulfill(status=409, json={"error": "idempotency_in_progress", "message": "It is still going on."}, headers={"Retry-After": "1"})
        return route.fallback()

    page.route("**/jobs", answer)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(scene["recording"])
    expect(page.locator(".upload")).to_have_count(1)
    expect(page.locator(".upload")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text=Path(scene["recording"]).name)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("completed")
    assert len(tries) == 3 and len(set(tries)) == 1, tries
    page.unroute("**/jobs")


def calls(visitor, running):
    """While a job runs, a page holds one call, however long it is open."""
    page = visitor.page
    for path in ("jobs", f"jobs/{running}"):
        held, most, reads = set(), [0], []

        def begun(request):
            if "wait=30" in request.url:
                held.add(request)
                most[0] = max(most[0], len(held))
            elif request.resource_type == "fetch":
                reads.append(request.url)

        def ended(request):
            held.discard(request)

        page.on("request", begun)
        page.on("requestfinished", ended)
        page.on("requestfailed", ended)
        visitor.open(path)
        expect(page.get_by_role("progressbar")).to_be_visible()
        wanted = "/jobs?" if path == "jobs" else f"/jobs/{running}"
        while sum(wanted in url for url in reads) < 5:
            page.wait_for_event("request")
        assert most[0] == 1, most
        for event, listener in (("request", begun), ("requestfinished", ended), ("requestfailed", ended)):
            page.remove_listener(event, listener)
