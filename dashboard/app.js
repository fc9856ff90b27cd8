// Starts the dashboard: who is signed in, which page is shown, and the rail beside it.

import { ApiError, call, get, useSession } from './api.js'
import { bdi, h, replace } from './dom.js'
import * as format from './format.js'
import { list as listShortcuts, shortcuts } from './shortcuts.js'
import { applyTheme } from './theme.js'
import { closeAll, confirm, dialog, failed, field, sentence, settle, toast, undoLast } from './ui.js'
import { goOn, removeAll, startUploads, uploads } from './uploads.js'

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
/** Whether the shown page has something that was typed and not saved. */
let isUnsaved = () => false
/** The address of the shown page, as it is in the history. */
let shownAddress = ''
let shownPage = null

document.body.prepend(
  h('a', {
    class: 'skip', href: '#main',
    on: { click: event => { event.preventDefault(); main.focus() } },
  }, 'Skip to the content'), hairline, h('div', { class: 'app' }, rail, main))

// MARK: pages

/** Goes to a page, such as `jobs/job_…`. Asks first if something would be lost; returns false if the reader stays. */
async function go(path, { replacing = false } = {}) {
  if (!replacing && !await mayLeave()) return false
  const url = new URL(path, base)
  if (replacing) history.replaceState(null, '', url)
  else history.pushState(null, '', url)
  await show()
  return true
}

/** Whether the shown page may be left: with what was typed there, if the reader says so. */
async function mayLeave() {
  return !isUnsaved() || await confirm({ title: 'Leave without saving?', text: 'What you typed is lost.', action: 'Leave', stay: 'Keep editing' }) === true
}

async function show(scrollTo = 0) {
  leaving.abort()
  const { signal } = leaving = new AbortController()
  const isSame = location.pathname === shownAddress.split('?')[0]
  isUnsaved = () => false
  shownAddress = location.pathname + location.search
  closeAll()
  hairline.classList.add('on')
  let content, page
  try {
    const path = pathOf(location.pathname)
    page = shownPage = pages.find(page => page.path.test(path))
    // Already while the session is asked for.
    const loading = page?.load().catch(reload)
    loading?.catch(() => {})
    if (!page?.open && !session && !await resume()) return await go(signInPath(), { replacing: true })
    if (path === '') return await go(home(), { replacing: true })
    if (!page || page.may?.(session) === false) throw new ApiError(404, { error: 'not_found' })
    const module = await loading
    content = await module.default({
      session, signal, go, setSession, signOut, params: path.match(page.path).slice(1),
      query: new URLSearchParams(location.search), refresh: () => signal.aborted || show(scrollY), refreshUsage: drawUsage,
      mayLeave, guard: check => { isUnsaved = check },
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
  const held = isSame ? document.activeElement?.getAttribute('aria-label') : null
  replace(main, content)
  performance.mark('shown')
  // Who chose something in a list goes on there.
  const again = held && main.querySelector(`[aria-label="${CSS.escape(held)}"]`)
  if (!main.contains(document.activeElement)) (again || (main.querySelector('[data-focus]') ?? main.querySelector('h1')))?.focus({ preventScroll: true })
  if (!location.hash) scrollTo_(scrollTo)
}

function pathOf(pathname) {
  try { return decodeURI(pathname.slice(base.pathname.length)).replace(/\/$/, '') } catch { throw new ApiError(404, { error: 'not_found' }) }
}

/** A part of the page can't be read any more, if the service has another version meanwhile: then the page is read again, once. */
async function reload(error) {
  if (history.state?.isReloaded || !await fetch(location.href).then(answer => answer.ok, () => false)) throw error
  history.replaceState({ isReloaded: true }, '')
  location.reload()
  return new Promise(() => {})
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
addEventListener('popstate', async () => {
  const wanted = location.pathname + location.search
  // Another moment of the same transcript. A link's token is also behind the #.
  if (wanted === shownAddress && !shownPage?.open) return
  if (isUnsaved()) {
    const url = location.href
    history.pushState(null, '', shownAddress)
    if (!await mayLeave()) return
    isUnsaved = () => false
    go(url)
    return
  }
  show(history.state?.scroll ?? 0)
})
addEventListener('beforeunload', event => { if (isUnsaved()) event.preventDefault() })
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

/** Other tabs of this browser, which have the same cookie. */
const tabs = new BroadcastChannel(`verbatim ${base.pathname}`)
tabs.onmessage = ({ data: { member, csrf } }) => {
  if (!session) return
  if (member === session.member_id) {
    session.csrf_token = csrf
    return useSession(session, signedOut)
  }
  // Signed out, or somebody else is signed in: nothing of the member who was may stay.
  isUnsaved = () => false
  setSession(null)
  if (member) show()
  else go(signInPath(), { replacing: true })
}

let isAsking = false

/** The session has ended, or was replaced, which a call told. */
async function signedOut(error) {
  if (!session || isAsking) return
  if (error.code === 'csrf_token_missing') {
    toast('Somebody has signed in anew in this browser, so the page was opened again. Your last change was not made.', { seconds: 12 })
    isUnsaved = () => false
    setSession(null)
    return show()
  }
  isAsking = true
  const next = isUnsaved() || uploads.some(upload => upload.isUnderWay) ? await signInAgain(session.email) : null
  isAsking = false
  setSession(next)
  if (next) return
  isUnsaved = () => false
  go(signInPath(), { replacing: true })
}

/** Asks for the password above the page, so that what was typed there stays. Returns the new session, or null. */
async function signInAgain(email) {
  const password = h('input', { type: 'password', autocomplete: 'current-password', required: true })
  return await dialog({
    title: 'Your session has ended', isFirm: true,
    body: [h('p', 'Sign in again as ', bdi(email), ' to go on. What you typed is still here.'), field({ label: 'Password', control: password, name: 'password' })],
    actions: [{ text: 'Leave' }, { text: 'Sign in', kind: 'go', run: () => call('POST', '/members/sign-in', { json: { email, password: password.value } }) }],
  }) ?? null
}

/** Begins to work as this member; null ends it. */
async function setSession(next) {
  // Whoever signs in again goes on with what is being sent. It is nothing for anybody else.
  if (next && last !== next.member_id) removeAll()
  last = next?.member_id ?? last
  session = next
  useSession(session, signedOut)
  if (session) tabs.postMessage({ member: session.member_id, csrf: session.csrf_token })
  rail.hidden = !session
  if (!session) return
  drawRail()
  goOn()
}

// MARK: rail

const links = new Map()

const plan = h('a', { class: 'plan', href: 'usage', hidden: true })

function drawRail() {
  links.clear()
  plan.hidden = true
  replace(rail,
    h('a', { class: 'brand', href: home() }, 'Verbatim'),
    h('nav', { 'aria-label': 'Pages' }, pages.filter(page => page.name && page.may(session)).map(page => {
      const link = h('a', { href: page.name.toLowerCase() }, page.name)
      links.set(page.name, link)
      return link
    })),
    h('div', { class: 'foot' }, plan,
      h('div', { class: 'who' }, bdi(session.tenant_name), h('small', bdi(session.email), ` · ${session.role}`)),
      h('div', { class: 'bar' },
        h('button', { class: 'plain quiet', type: 'button', on: { click: () => signOut() } }, 'Sign out'),
        h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Keyboard shortcuts', on: { click: listShortcuts } }, h('kbd', '?')))))
  markUploads()
  drawUsage()
}

function drawUsage() {
  if (!has(session, 'usage:read')) return
  get('/usage').then(month => {
    plan.hidden = false
    replace(plan, month.plan[0].toUpperCase() + month.plan.slice(1), h('small', `${format.decimal(month.used_minutes)} of ${format.count(month.included_minutes)} min`))
  }, () => {})
}

function markCurrent(page) {
  for (const [name, link] of links) {
    if (page && (page.name === name || page.in === name)) {
      link.setAttribute('aria-current', 'page')
      // On a phone the rail is a line to push.
      link.parentElement.parentElement.scrollTo({ left: link.offsetLeft - innerWidth / 2 + link.offsetWidth / 2, behavior: 'instant' })
    } else link.removeAttribute('aria-current')
  }
}

/** How many recordings are on their way, wherever one is. */
function markUploads() {
  const [link, sending] = [links.get('Jobs'), uploads.filter(upload => upload.isUnderWay).length]
  if (link) replace(link, 'Jobs', sending > 0 && h('span', { class: 'badge', title: 'Being sent' }, `↑ ${format.count(sending)}`))
}

async function signOut({ everywhere = false } = {}) {
  if (!await mayLeave()) return
  if (uploads.some(upload => upload.isUnderWay)
    && !await confirm({ title: 'Sign out now?', text: 'Recordings are still being sent. They are not transcribed if you sign out.', action: 'Sign out' })) return
  try {
    await settle()
    await call('POST', '/members/sign-out', { json: { everywhere } })
  } catch (error) {
    if (error.status !== 401) return failed(error)
  }
  isUnsaved = () => false
  tabs.postMessage({ member: null })
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
  { keys: 'z', what: 'Undo, as long as it is offered', run: undoLast },
  ...pages.filter(page => page.key).map(page => ({
    keys: `g ${page.key}`, what: `Go to ${page.name}`,
    run: () => { if (session && page.may(session)) go(page.name.toLowerCase()) },
  })),
])
show()
