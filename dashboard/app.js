// Starts the dashboard: who is signed in, which page is shown, and the rail beside it.

import { ApiError, call, get, useSession } from './api.js'
import { bdi, h, icon, replace } from './dom.js'
import * as format from './format.js'
import { list as listShortcuts, shortcuts } from './shortcuts.js'
import { applyTheme } from './theme.js'
import { failed, sentence, settle, toast } from './ui.js'
import { removeAll, startUploads, uploads } from './uploads.js'

/** Every page: its path below `/app`, who may see it, and where it stands in the rail. */
const pages = [
  { path: /^jobs$/, name: 'Jobs', key: 'j', load: () => import('./pages/jobs.js'), may: session => has(session, 'jobs:read') },
  { path: /^jobs\/([^/]+)$/, in: 'Jobs', load: () => import('./pages/transcript.js'), may: session => has(session, 'jobs:read') },
  { path: /^usage$/, name: 'Usage', key: 'u', load: () => import('./pages/usage.js'), may: session => has(session, 'usage:read') },
  { path: /^keys$/, name: 'Keys', key: 'k', load: () => import('./pages/keys.js'), may: session => has(session, 'keys:write') },
  { path: /^webhooks$/, name: 'Webhooks', key: 'w', load: () => import('./pages/webhooks.js'), may: session => has(session, 'webhooks:write') },
  { path: /^webhooks\/([^/]+)$/, in: 'Webhooks', load: () => import('./pages/webhook.js'), may: session => has(session, 'webhooks:write') },
  { path: /^members$/, name: 'Members', key: 'm', load: () => import('./pages/members.js'), may: session => session.role === 'owner' },
  { path: /^settings$/, name: 'Settings', key: 's', load: () => import('./pages/settings.js'), may: () => true },
  { path: /^sign-in$/, open: true, load: () => import('./pages/sign-in.js') },
  { path: /^password$/, open: true, load: () => import('./pages/password.js') },
]
const has = (session, scope) => session.scopes.includes(scope)

const base = new URL(document.baseURI)
// The page's base is relative, and must stay what it is now while addresses change.
document.querySelector('base').href = base
const main = h('main', { id: 'main', tabindex: -1 })
const rail = h('header', { class: 'rail', hidden: true })
const hairline = h('div', { class: 'hairline', 'aria-hidden': 'true' })
let session = null
/** The member who was signed in last. */
let last = null
/** Ends what the shown page has begun: its calls, its shortcuts, its timers. */
let leaving = new AbortController()

document.body.prepend(
  h('a', {
    class: 'skip', href: '#main',
    on: { click: event => { event.preventDefault(); main.focus() } },
  }, 'Skip to the content'), hairline, h('div', { class: 'app' }, rail, main))

// MARK: pages

/** Goes to a page, such as `jobs/job_…`. */
export function go(path, { replacing = false } = {}) {
  const url = new URL(path, base)
  if (replacing) history.replaceState(null, '', url)
  else history.pushState(null, '', url)
  return show()
}

async function show(scrollTo = 0) {
  leaving.abort()
  const { signal } = leaving = new AbortController()
  const path = decodeURI(location.pathname.slice(base.pathname.length)).replace(/\/$/, '')
  const page = pages.find(page => page.path.test(path))
  hairline.classList.add('on')
  let content
  try {
    // Already while the session is asked for.
    const loading = page?.load()
    if (!page?.open && !session && !await resume()) return await go(signInPath(), { replacing: true })
    if (path === '') return await go(home(), { replacing: true })
    if (!page || page.may?.(session) === false) throw new ApiError(404, { error: 'not_found' })
    const module = await loading
    content = await module.default({
      session, signal, go, setSession, signOut, params: path.match(page.path).slice(1),
      query: new URLSearchParams(location.search), refresh: () => show(scrollY), refreshRail: drawRail,
      title: text => { document.title = `${text} – Verbatim` },
    })
  } catch (error) {
    if (signal.aborted) return
    content = problemPage(error)
  } finally {
    if (leaving.signal === signal) hairline.classList.remove('on')
  }
  if (signal.aborted) return
  rail.hidden = !session || page?.open === true
  markCurrent(page)
  replace(main, content)
  performance.mark('shown')
  if (!main.contains(document.activeElement)) (main.querySelector('[data-focus]') ?? main.querySelector('h1'))?.focus({ preventScroll: true })
  if (!location.hash) scrollTo_(scrollTo)
}

const scrollTo_ = top => window.scrollTo({ top, behavior: 'instant' })
const home = () => pages.find(page => page.name && page.may(session)).name.toLowerCase()

function signInPath() {
  const next = location.href.slice(base.href.length)
  return next ? `sign-in?next=${encodeURIComponent(next)}` : 'sign-in'
}

function problemPage(error) {
  if (error.status === 404) {
    document.title = 'Not found – Verbatim'
    return apology('There is no such page', 'It was deleted, the address is wrong, or your role may not see it.',
      session ? h('a', { class: 'button go', href: home() }, `Go to ${home()}`) : null)
  }
  if (!(error instanceof ApiError)) console.error(error)
  document.title = 'Something went wrong – Verbatim'
  return apology('Something went wrong', error instanceof ApiError ? sentence(error) : 'The page could not be shown.',
    h('button', { class: 'go', type: 'button', on: { click: () => show() } }, 'Try again'))
}

const apology = (title, text, action) => h('div', { class: 'empty' }, h('h1', { tabindex: -1 }, title), h('p', text), action)

document.addEventListener('click', event => {
  const link = event.target.closest?.('a[href]')
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  if (link.target || link.hasAttribute('download') || !link.href.startsWith(base.href)) return
  event.preventDefault()
  go(link.href)
})
addEventListener('popstate', () => show(history.state?.scroll ?? 0))
history.scrollRestoration = 'manual'
addEventListener('scrollend', () => history.replaceState({ scroll: scrollY }, ''))

// MARK: session

/** Takes up the session of the browser's cookie. Returns whether there is one. */
async function resume() {
  try {
    await setSession(await get('/members/me'))
    return true
  } catch (error) {
    if (error.status === 401) return false
    throw error
  }
}

/** Begins to work as this member; null ends it. */
async function setSession(next) {
  // Whoever signs in again goes on with what is being sent. It is nothing for anybody else.
  if (next && last !== next.member_id) removeAll()
  last = next?.member_id ?? last
  session = next
  useSession(session, () => {
    if (!session) return
    setSession(null)
    go(signInPath(), { replacing: true })
  })
  rail.hidden = !session
  if (session) await drawRail()
}

// MARK: rail

const links = new Map()

async function drawRail() {
  const usage = h('a', { class: 'plan', href: 'usage', hidden: true })
  replace(rail,
    h('a', { class: 'brand', href: home() }, 'Verbatim'),
    h('nav', { 'aria-label': 'Pages' }, pages.filter(page => page.name && page.may(session)).map(page => {
      const link = h('a', { href: page.name.toLowerCase() }, page.name)
      links.set(page.name, link)
      return link
    })),
    h('div', { class: 'foot' }, usage,
      h('div', { class: 'who' }, bdi(session.email), h('small', session.role)),
      h('div', { class: 'bar' },
        h('button', { class: 'plain quiet', type: 'button', on: { click: () => signOut() } }, 'Sign out'),
        h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Keyboard shortcuts', on: { click: listShortcuts } }, h('kbd', '?')))))
  markUploads()
  if (!has(session, 'usage:read')) return
  get('/usage').then(month => {
    usage.hidden = false
    const plan = month.plan[0].toUpperCase() + month.plan.slice(1)
    replace(usage, plan, h('small', `${format.decimal(month.used_minutes)} of ${format.count(month.included_minutes)} min`))
  }, () => {})
}

function markCurrent(page) {
  for (const [name, link] of links) {
    if (page && (page.name === name || page.in === name)) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
}

/** How many recordings are on their way, wherever one is. */
function markUploads() {
  const [link, sending] = [links.get('Jobs'), uploads.filter(upload => upload.isUnderWay).length]
  if (link) replace(link, 'Jobs', sending > 0 && h('span', { class: 'badge', title: 'Being sent' }, `↑ ${format.count(sending)}`))
}

async function signOut({ everywhere = false } = {}) {
  try {
    await settle()
    await call('POST', '/members/sign-out', { json: { everywhere } })
  } catch (error) {
    if (error.status !== 401) return failed(error)
  }
  removeAll()
  await setSession(null)
  await go('sign-in')
  if (everywhere) toast('You are signed out everywhere.')
}

// MARK: start

// A file that misses its place would take the place of the page, and end what is being sent.
for (const type of ['dragover', 'drop']) addEventListener(type, event => { if (event.dataTransfer?.types.includes('Files')) event.preventDefault() })

startUploads(markUploads)
applyTheme()
shortcuts('Everywhere', [
  { keys: '?', what: 'List the shortcuts', run: listShortcuts },
  ...pages.filter(page => page.key).map(page => ({
    keys: `g ${page.key}`, what: `Go to ${page.name}`,
    run: () => { if (session && page.may(session)) go(page.name.toLowerCase()) },
  })),
])
show()
