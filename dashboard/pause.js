// Waiting between two looks.

/** How long after the last key or movement somebody is taken to read, in milliseconds. */
const ATTENTIVE = 30 * 60_000
let used = Date.now()
const signs = ['keydown', 'pointerdown', 'pointermove', 'scroll', 'visibilitychange']
for (const type of signs) document.addEventListener(type, () => { used = Date.now() }, { passive: true, capture: true })

/** Ends after some seconds, or when the page is left. */
export const pause = (seconds, signal) => new Promise(resolve => {
  const done = () => { clearTimeout(timer); signal.removeEventListener('abort', done); resolve() }
  const timer = setTimeout(done, seconds * 1000)
  signal.addEventListener('abort', done)
})

/** Waits until somebody looks at the page: else a page that was left open would keep its session for ever. */
export async function attention(signal) {
  while (!signal.aborted && (document.hidden || Date.now() - used > ATTENTIVE)) {
    const woken = new AbortController()
    await new Promise(resolve => {
      for (const type of signs) document.addEventListener(type, resolve, { capture: true, signal: woken.signal })
      signal.addEventListener('abort', resolve, { signal: woken.signal })
    })
    woken.abort()
  }
}
