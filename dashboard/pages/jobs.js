// The jobs: dropping recordings in, watching them, and finding them again.

import { address, call, get } from '../api.js'
import { bdi, h, replace } from '../dom.js'
import * as format from '../format.js'
import { discard, isDeleting, isEnded, nameOf, stateOf, watchDeletions } from '../job.js'
import { languages } from '../languages.js'
import { attention, pause } from '../pause.js'
import { shortcuts } from '../shortcuts.js'
import { recall, remember } from '../storage.js'
import { choice, confirm, copy, copyButton, empty, failed, head, menu, row, sentence, toast } from '../ui.js'
import { addFiles, addLink, again, remove, startUploads, uploads } from '../uploads.js'

const PAGE = 50
/** How often the list is read again, in seconds: while something is under way, otherwise, and the result of a search. */
const [LIVELY, CALM, SEARCH] = [2, 15, 60]
const columns = [
  { name: 'Recording', class: 'name' }, { name: 'Length', class: 'hide' }, { name: 'State' }, { name: 'Language', class: 'hide' },
  { name: 'Created', class: 'n hide' }, { name: h('span', { class: 'offscreen' }, 'Actions'), class: 'n' },
]
const states = [['', 'All states'], ['queued', 'Queued'], ['processing', 'Processing'], ['completed', 'Completed'], ['failed', 'Failed'], ['cancelled', 'Cancelled']]

export default async function page({ session, query, signal, go, title, refreshUsage }) {
  title('Jobs')
  const may = scope => session.scopes.includes(scope)
  const asked = { status: query.get('status'), q: query.get('q'), cursor: query.get('cursor') }
  const isFiltered = Boolean(asked.status || asked.q)
  const load = () => get('/jobs', { ...asked, limit: PAGE }, { signal })
  let shown = await load()

  const list = h('div')
  const sending = h('div')
  const news = h('p', { class: 'offscreen', role: 'status' })
  const search = h('input', { type: 'search', 'aria-label': 'Find jobs', placeholder: 'Find by name or metadata', value: asked.q ?? '', maxlength: 100 })
  const status = choice({ 'aria-label': 'State', value: asked.status ?? '' }, states)
  const filter = () => go(`jobs?${new URLSearchParams(Object.entries({ status: status.value, q: search.value.trim() }).filter(pair => pair[1]))}`)
  status.addEventListener('change', filter)
  // The cross in the field empties it.
  search.addEventListener('input', () => { if (!search.value && asked.q) filter() })
  const find = h('form', { role: 'search', on: { submit: event => { event.preventDefault(); filter() } } }, search)
  const files = h('input', { type: 'file', multiple: true, hidden: true, on: { change: () => { take(files.files); files.value = '' } } })
  const options = uploadOptions()

  function take(chosen) {
    if (!chosen.length) return
    addFiles([...chosen], options.values())
  }

  // MARK: the list

  const table = h('table', { class: 'rows' }, h('caption', { class: 'offscreen' }, 'Jobs, newest first'),
    h('thead', h('tr', columns.map(column => h('th', { scope: 'col', class: column.class }, column.name)))), h('tbody'))
  /** Rows by job, with the text that they were made from, so that only those are drawn again that have changed. */
  const rows = new Map()

  function draw() {
    const jobs = shown.jobs.filter(job => !isDeleting(job))
    if (!jobs.length && !uploads.length) {
      // What has the focus there keeps it.
      if (list.querySelector('.empty')) return
      const everything = h('a', { class: 'button', href: 'jobs' }, 'Show all jobs')
      replace(list, shown.next_cursor
        ? empty('Nothing found yet', 'Older jobs were not looked at.', h('a', { class: 'button go', href: older() }, 'Search older jobs'), everything)
        : isFiltered || asked.cursor ? empty('Nothing found', 'No job fits.', everything) : firstSteps(may))
      return
    }
    const body = table.tBodies[0]
    const wanted = jobs.map(job => {
      const text = JSON.stringify(job)
      const known = rows.get(job.job_id)
      // What somebody has opened stays until it is closed.
      if (known?.text === text || known?.element.querySelector('[aria-expanded=true]')) return known.element
      const element = row(columns, cells(job))
      const held = known?.element.contains(document.activeElement) && (document.activeElement.matches('button') ? 'button' : 'a')
      if (held) requestAnimationFrame(() => element.querySelector(held).focus())
      rows.set(job.job_id, { text, element })
      return element
    })
    const gone = [...body.rows].findIndex(element => !wanted.includes(element))
    for (const [index, element] of wanted.entries()) {
      const now = body.rows[index]
      if (now === element) continue
      if (now && !wanted.includes(now)) now.replaceWith(element)
      else body.insertBefore(element, now ?? null)
    }
    while (body.rows.length > wanted.length) body.lastElementChild.remove()
    // Who was in a row that is gone goes on in the next one.
    if (gone >= 0) requestAnimationFrame(() => { if (document.activeElement === document.body) body.rows[Math.min(gone, body.rows.length - 1)]?.querySelector('a').focus() })
    if (pages.dataset.next !== String(shown.next_cursor)) {
      pages.dataset.next = shown.next_cursor
      replace(pages, asked.cursor && h('a', { class: 'button', href: `jobs?${new URLSearchParams(clean({ ...asked, cursor: null }))}` }, 'Newest'),
        shown.next_cursor && h('a', { class: 'button', href: older() }, 'Older'))
    }
    if (!table.isConnected) replace(list, h('div', { class: 'scroll' }, table), pages)
  }

  const pages = h('nav', { class: 'pages', 'aria-label': 'Pages of jobs' })
  const older = () => `jobs?${new URLSearchParams(clean({ ...asked, cursor: shown.next_cursor }))}`
  table.tBodies[0].addEventListener('click', event => {
    // Anywhere in the row, but not where something else can be done or is being selected.
    if (event.target.closest('a, button, [popover]') || !getSelection().isCollapsed) return
    event.target.closest('tr')?.querySelector('a').click()
  })

  function cells(job) {
    return [
      h('a', { href: `jobs/${job.job_id}` }, bdi(nameOf(job)), job.test && h('small', ' test')), format.length(job.duration_seconds), stateOf(job),
      format.language(job.language), h('time', { datetime: job.created_at, title: format.when(job.created_at) }, format.moment(job.created_at)),
      menu(`Actions for ${nameOf(job)}`, () => actions(job)),
    ]
  }

  const actions = job => [
    { text: 'Open', run: () => go(`jobs/${job.job_id}`) },
    { text: 'Copy job id', run: () => copy(job.job_id, 'The job id is copied.') },
    may('jobs:write') && !isEnded(job) && { text: 'Cancel', danger: true, run: () => cancel(job) },
    may('jobs:delete') && isEnded(job) && { text: 'Delete', danger: true, run: () => discard(job) },
  ].filter(Boolean)

  async function cancel(job) {
    await confirm({
      title: 'Cancel this job?', text: [bdi(nameOf(job)), ' will not be transcribed, and costs nothing.'], action: 'Cancel the job',
      run: () => call('POST', `/jobs/${job.job_id}/cancel`),
    })
    await refresh()
  }

  // MARK: uploads

  /** The lines of uploads, which stay the same elements while bytes are sent. */
  const lines = new Map()

  function drawUploads() {
    const done = uploads.filter(upload => upload.state === 'done')
    if (done.length) {
      for (const upload of done) uploads.splice(uploads.indexOf(upload), 1)
      refresh()
    }
    for (const [upload, line] of lines) {
      if (uploads.includes(upload)) continue
      if (line.element.contains(document.activeElement)) drop.querySelector('.go').focus()
      line.element.remove()
      lines.delete(upload)
      if (upload.state === 'done') say(upload, 'is sent')
    }
    for (const [index, upload] of uploads.entries()) {
      if (!lines.has(upload)) {
        lines.set(upload, uploadLine(upload))
        sending.insertBefore(lines.get(upload).element, sending.children[index] ?? null)
      }
      const line = lines.get(upload)
      line.show()
      if (line.state !== upload.state && upload.state === 'failed') say(upload, 'was not accepted')
      line.state = upload.state
    }
    if (!table.isConnected) draw()
  }

  const say = (upload, what) => replace(news, bdi(upload.name), ` ${what}.`)

  // MARK: what happens meanwhile

  let [isReading, isStale, isHolding] = [false, false, false]

  async function refresh() {
    if (signal.aborted) return
    // What has happened since that reading began may be missing in it.
    if (isReading) { isStale = true; return }
    isReading = true
    const running = new Set(shown.jobs.filter(job => !isEnded(job)).map(job => job.job_id))
    try {
      shown = await load()
      draw()
      if (shown.jobs.some(job => running.has(job.job_id) && isEnded(job))) refreshUsage()
    } catch (error) {
      // The next try may go better. What is shown stays.
      if (![0, 401, 429, 502, 503, 504].includes(error.status)) failed(error)
    } finally {
      isReading = false
    }
    if (isStale) { isStale = false; return refresh() }
    hold()
  }

  // A search costs the service more than a list.
  const running = () => asked.q ? null : shown.jobs.findLast(job => !isEnded(job))

  /** Holds one call, which is answered as soon as a job ends. */
  async function hold() {
    const job = running()
    if (!job || isHolding) return
    isHolding = true
    try {
      await get(`/jobs/${job.job_id}`, { wait: 30 }, { signal })
    } catch {
      // The list says what there is to say.
      await pause(LIVELY, signal)
    }
    await attention(signal)
    isHolding = false
    await refresh()
  }

  /** Reads the list for the progress, and for what others have sent. */
  async function watch() {
    while (!signal.aborted) {
      await pause(asked.q ? SEARCH : running() ? LIVELY : CALM, signal)
      await attention(signal)
      await refresh()
    }
  }

  const mayWrite = may('jobs:write')
  if (mayWrite) {
    for (const type of ['dragenter', 'dragover']) addEventListener(type, event => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      drop.classList.add('over')
    }, { signal })
    addEventListener('dragleave', event => { if (!event.relatedTarget) drop.classList.remove('over') }, { signal })
    addEventListener('drop', event => {
      event.preventDefault()
      drop.classList.remove('over')
      take(event.dataTransfer.files)
    }, { signal })
  }
  const step = by => {
    const all = [...table.querySelectorAll('td.name a')]
    all[Math.max(0, Math.min(all.length - 1, all.indexOf(document.activeElement) + by))]?.focus()
  }
  shortcuts('Jobs', [
    mayWrite && { keys: 'n', what: 'Choose recordings to send', run: () => files.click() },
    { keys: '/', what: 'Find jobs', run: () => search.focus() },
    { keys: 'ArrowDown', what: 'Next job', run: () => step(1) },
    { keys: 'ArrowUp', what: 'Previous job', run: () => step(-1) },
  ].filter(Boolean), signal)

  const link = h('input', { type: 'url', 'aria-label': 'Link to a recording', placeholder: 'https://… a link to a recording', required: true })
  const drop = mayWrite && h('div', { class: 'drop' },
    h('p', h('b', 'Drop recordings here'), 'MP3, WAV, M4A, video and more. We delete them once they are transcribed.'),
    h('div', { class: 'bar' }, h('button', { class: 'go', type: 'button', on: { click: () => files.click() } }, 'Choose files'), files, h('span', 'or'),
      h('form', { on: { submit: event => { event.preventDefault(); addLink(link.value.trim(), options.values()); link.value = '' } } },
        link, h('button', { type: 'submit' }, 'Transcribe link'))),
    options.element)
  draw()
  startUploads(drawUploads, signal)
  watchDeletions(draw, signal)
  drawUploads()
  hold()
  watch()
  return [head('Jobs', status, find), drop, sending, news, list]
}

const clean = object => Object.entries(object).filter(([, value]) => value)

/** A line of the list of uploads. `show` brings it up to date. */
function uploadLine(upload) {
  const bar = h('progress', { max: 1, 'aria-label': 'Sent' })
  const text = h('span')
  const overage = h('button', { type: 'button', on: { click: () => again(upload, { acceptOverage: true }) } }, 'Transcribe as overage')
  const retry = h('button', { type: 'button', on: { click: () => again(upload) } }, 'Try again')
  const away = h('button', { class: 'plain quiet', type: 'button', on: { click: () => remove(upload) } })
  const problem = h('p', { class: 'problem' })
  const element = h('div', { class: 'upload' }, h('span', { class: 'clip' }, bdi(upload.name)), h('span', bar, ' ', text), h('span', { class: 'bar' }, overage, retry, away), problem)
  let shown = null
  function show() {
    bar.value = upload.sent
    text.textContent = words(upload)
    if (shown === upload.state) return
    shown = upload.state
    const isFailed = upload.state === 'failed'
    bar.hidden = upload.state !== 'sending'
    overage.hidden = !isFailed || !upload.isOfQuota
    retry.hidden = !isFailed || upload.isOfQuota || !upload.isWorthAnother
    away.textContent = upload.isUnderWay ? 'Cancel' : 'Remove'
    problem.hidden = !upload.error
    replace(problem, upload.error && sentence(upload.error), upload.isOfQuota && ' You can have it transcribed all the same: minutes beyond the month are billed.')
  }
  return { element, show }
}

function words(upload) {
  switch (upload.state) {
    case 'waiting': return 'waiting'
    case 'sending': return `${format.percent(upload.sent)} of ${format.bytes(upload.size)}`
    case 'checking': return 'being checked'
    case 'failed': return 'not accepted'
    default: return ''
  }
}

/** How recordings are transcribed. What the reader chose last time is chosen again. */
function uploadOptions() {
  const last = recall('options') ?? {}
  const language = choice({ value: last.language ?? 'auto' }, [['auto', 'detect'], ...languages()])
  const diarize = h('input', { type: 'checkbox', checked: last.diarize ?? true })
  const speakers = h('input', { type: 'number', min: 1, max: 32, placeholder: 'any' })
  const element = h('div', { class: 'bar options' },
    h('label', 'Language', language), h('label', diarize, 'Tell speakers apart'), h('label', 'Speakers', speakers))
  return {
    element,
    values() {
      const values = { language: language.value, diarize: diarize.checked }
      remember('options', values)
      if (values.diarize && speakers.value) values.speakers_expected = Number(speakers.value)
      return values
    },
  }
}

/** What an account sees before its first job. */
function firstSteps(may) {
  if (!may('jobs:write')) return empty('No recordings yet', 'What your colleagues have transcribed will be here.')
  const root = address('/').href.replace(/\/$/, '')
  const lines = [
    '# 1. Log in with an API key. Put the access_token of the answer into TOKEN.',
    `curl -s ${root}/auth/token -H 'Content-Type: application/json' -d '{"api_key":"YOUR_KEY"}'`,
    '# 2. Send a recording. Put the job_id of the answer into JOB.',
    `curl -s ${root}/jobs -H "Authorization: Bearer $TOKEN" -F file=@recording.mp3`,
    '# 3. Wait until it is done, for a minute at most.',
    `curl -s "${root}/jobs/$JOB?wait=60" -H "Authorization: Bearer $TOKEN"`,
    '# 4. Read the transcript.',
    `curl -s "${root}/jobs/$JOB/transcript?format=txt" -H "Authorization: Bearer $TOKEN"`,
  ].join('\n')
  return empty('Your first transcript is a drop away',
    'Drop a recording above. Or let a program send it: make a key, then copy these lines.',
    may('keys:write') && h('a', { class: 'button', href: 'keys' }, 'Make an API key'), h('pre', { tabindex: 0 }, lines),
    h('div', { class: 'bar' }, copyButton(lines, 'Copy the lines'), h('a', { class: 'button', href: address('/docs').href, target: '_blank' }, 'API reference')))
}
