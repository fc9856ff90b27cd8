"""How much the first view weighs, and how fast pages answer, with 10,000 jobs and a recording of ten hours. Only bytes are judged here:
times depend on what else the machine does, and are printed."""

from playwright.sync_api import expect

MOST_BYTES = 150_000

# The time until the page has painted what an action changed.
TIMED = """async steps => {
    const times = {}
    const painted = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
    const search = document.querySelector('.find input')
    const find = text => { search.value = text; search.dispatchEvent(new Event('input')) }
    const height = document.documentElement.scrollHeight
    const strip = document.querySelector('.strip'), box = strip.getBoundingClientRect()
    const actions = {
        'scroll by a window': () => scrollBy(0, innerHeight), 'scroll to the middle': () => scrollTo(0, height / 2),
        'scroll to the end': () => scrollTo(0, height), 'find a rare word': () => find('lighthouse'), 'find a letter': () => find('e'),
        'next place': () => search.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })),
        'click the strip': () => strip.dispatchEvent(new PointerEvent('pointerdown', { clientX: box.left + box.width * 0.7, clientY: box.top + 5, pointerId: 1 })),
    }
    for (const [name, action] of Object.entries(actions)) {
        const start = performance.now()
        action()
        await painted()
        times[name] = Math.round(performance.now() - start)
    }
    return { times, nodes: document.querySelectorAll('*').length }
}"""


def run(visitor, scene):
    page = visitor.page
    answers = []
    page.on("requestfinished", lambda request: answers.append(request))
    visitor.open("jobs")
    expect(page.get_by_role("row").nth(50)).to_be_visible()
    first = page.evaluate("Math.round(performance.getEntriesByType('mark').find(mark => mark.name === 'shown').startTime)")
    page.wait_for_load_state("networkidle")
    weights = {request.url: request.sizes()["responseBodySize"] for request in answers}
    weight = sum(weights.values())
    assert weight <= MOST_BYTES, f"the first view has {weight} bytes: {weights}"

    page.get_by_label("Find jobs").fill("call-7777")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text="call-7777.wav")).to_be_visible()

    visitor.open(f"jobs/{scene['long']}")
    expect(page.get_by_role("article").first).to_be_visible()
    long = page.evaluate("Math.round(performance.getEntriesByType('mark').find(mark => mark.name === 'shown').startTime)")
    figures = page.evaluate(TIMED)
    assert figures["nodes"] < 5000, "only what can be seen is in the document"
    page.get_by_label("Find in the transcript").fill("lighthouse")
    page.keyboard.press("Enter")
    expect(page.locator(".find output")).to_have_text("1 of 1")
    expect(page.get_by_role("article").filter(has_text="lighthouse")).to_be_visible()
    return {"bytes of the first view": weight, "first view of 10,000 jobs, ms": first, "first view of ten hours, ms": long, **figures["times"]}
