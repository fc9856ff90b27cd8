// The jobs: dropping recordings in, watching them, and finding them again.

import { address, call, get } from '../api.js'
import { bdi, h, replace } from '../dom.js'
import * as format from '../format.js'
import { discard, isDeleting, isEnded, nameOf, stateOf } from '../job.js'
import { languages } from '../languages.js'
import { attention, pause } from '../pause.js'
import { shortcuts } from '../shortcuts.js'
import { choice, confirm, copy, copyButton, empty, failed, head, menu, row, sentence, toast } from '../ui.js'
import { addFiles, addLink, again, remove, startUploads, uploads } from '../uploads.js'

const PAGE = 50
/** How often the list is read again, in seconds: while something is under way, and otherwise. */
const [LIVELY, CALM] = [2, 15]
const columns = [
  { name: 'Recording', class: 'name' }, { name: 'Length', class: 'hide' }, { name: 'State' }, { name: 'Language', class: 'hide' },
  { name: 'Created', class: 'n' }, { name: h('span', { class: 'offscreen' }, 'Actions'), class: 'n' },
]
const states = [['', 'All states'], ['queued', 'Queued'], ['processing', 'Processing'], ['completed', 'Completed'], ['failed', 'Failed'], ['cancelled', 'Cancelled']]

export default async function page({ session, query, signal, go, title }) {
  title('Jobs')
  const may = scope => session.scopes.includes(scope)
  const asked = { status: query.get('status'), q: query.get('q'), cursor: query.get('cursor') }
  const isFiltered = Boolean(asked.status || asked.q)
  const load = () => get('/jobs', { ...asked, limit: PAGE }, { signal })
  let shown = await load()

  const list = h('div')
  const sending = h('div', { 'aria-live': 'polite' })
  const search = h('input', { type: 'search', 'aria-label': 'Find jobs', placeholder: 'Find by name or metadata', value: asked.q ?? '', maxlength: 100 })
  const status = choice({ 'aria-label': 'State', value: asked.status ?? '' }, states)
  const filter = () => go(`jobs?${new URLSearchParams(Object.entries({ status: status.value, q: search.value.trim() }).filter(pair => pair[1]))}`)
  status.addEventListener('change', filter)
  search.addEventListener('search', filter)
  const files = h('input', { type: 'file', multiple: true, hidden: true, on: { change: () => { take(files.files); files.value = '' } } })
  const options = uploadOptions()

  function take(chosen) {
    if (!chosen.length) return
    addFiles([...chosen], options.values())
  }

  // MARK: the list

  const table = h('table', h('caption', { class: 'offscreen' }, 'Jobs, newest first'),
    h('thead', h('tr', columns.map(column => h('th', { scope: 'col', class: column.class }, column.name)))), h('tbody'))
  /** Rows by job, with the text that they were made from, so that only those are drawn again that have changed. */
  const rows = new Map()

  function draw() {
    const jobs = shown.jobs.filter(job => !isDeleting(job))
    if (!jobs.length && !uploads.length) {
      // What has the focus there keeps it.
      if (list.querySelector('.empty')) return
      replace(list, isFiltered || asked.cursor
        ? empty('Nothing found', 'No job fits.', h('a', { class: 'button', href: 'jobs' }, 'Show all jobs')) : firstSteps(may))
      return
    }
    const body = table.tBodies[0]
    const wanted = jobs.map(job => {
      const text = JSON.stringify(job)
      const known = rows.get(job.job_id)
      if (known?.text === text) return known.element
      const element = row(columns, cells(job))
      if (known?.element.contains(document.activeElement)) requestAnimationFrame(() => element.querySelector('a')?.focus())
      rows.set(job.job_id, { text, element })
      return element
    })
    if (wanted.length !== body.rows.length || wanted.some((element, index) => body.rows[index] !== element)) body.replaceChildren(...wanted)
    if (table.parentElement) return
    const next = { ...asked, cursor: shown.next_cursor }
    replace(list, h('div', { class: 'scroll' }, table),
      h('nav', { class: 'pages', 'aria-label': 'Pages of jobs' },
        asked.cursor && h('a', { class: 'button', href: `jobs?${new URLSearchParams(clean({ ...asked, cursor: null }))}` }, 'Newest'),
        shown.next_cursor && h('a', { class: 'button', href: `jobs?${new URLSearchParams(clean(next))}` }, 'Older')))
  }

  function cells(job) {
    return [
      h('a', { href: `jobs/${job.job_id}` }, bdi(nameOf(job)), job.test && h('small', ' test')), format.length(job.duration_seconds), stateOf(job),
      format.language(job.language), h('time', { datetime: job.created_at, title: format.when(job.created_at) }, format.moment(job.created_at)),
      menu(`Actions for ${nameOf(job)}`, () => actions(job)),
    ]
  }

  const actions = job => [
    { text: 'Open', run: () => go(`jobs/${job.job_id}`) },
    { text: 'Copy job id', run: async () => { await copy(job.job_id); toast('The job id is copied.') } },
    may('jobs:write') && !isEnded(job) && { text: 'Cancel', danger: true, run: () => cancel(job) },
    may('jobs:delete') && isEnded(job) && { text: 'Delete', danger: true, run: () => { discard(job, draw); draw() } },
  ].filter(Boolean)

  async function cancel(job) {
    await confirm({
      title: 'Cancel this job?', text: `${nameOf(job)} will not be transcribed, and costs nothing.`, action: 'Cancel the job',
      run: () => call('POST', `/jobs/${job.job_id}/cancel`),
    })
    await refresh()
  }

  // MARK: uploads

  function drawUploads() {
    const done = uploads.filter(upload => upload.state === 'done')
    if (done.length) {
      for (const upload of done) uploads.splice(uploads.indexOf(upload), 1)
      refresh()
    }
    replace(sending, uploads.map(upload => h('div', { class: 'upload' },
      h('span', { class: 'clip' }, bdi(upload.name)), h('span', words(upload)),
      h('span', { class: 'bar' },
        upload.state === 'failed' && upload.isOfQuota && h('button', { type: 'button', on: { click: () => again(upload, { acceptOverage: true }) } }, 'Transcribe as overage'),
        upload.state === 'failed' && !upload.isOfQuota && h('button', { type: 'button', on: { click: () => again(upload) } }, 'Try again'),
        h('button', { class: 'plain quiet', type: 'button', on: { click: () => remove(upload) } }, upload.isUnderWay ? 'Cancel' : 'Remove')),
      upload.error && h('p', { class: 'problem' }, sentence(upload.error),
        upload.isOfQuota && ' You can have it transcribed all the same: minutes beyond the month are billed.'))))
  }

  // MARK: what happens meanwhile

  let isReading = false
  async function refresh() {
    if (isReading || signal.aborted) return
    isReading = true
    try {
      shown = await load()
      draw()
    } catch (error) {
      // The next try may go better. What is shown stays.
      if (error.status !== 0 && error.status !== 429 && error.status !== 503) failed(error)
    } finally {
      isReading = false
    }
  }

  async function watch() {
    while (!signal.aborted) {
      const running = shown.jobs.filter(job => !isEnded(job))
      // A search costs the service more than a list.
      const isLively = running.length && !asked.q
      await Promise.race([pause(isLively ? LIVELY : CALM, signal), isLively ? ended(running.at(-1), signal) : new Promise(() => {})])
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
    h('p', h('b', 'Drop recordings here'), 'MP3, WAV, M4A, video and more.'),
    h('div', { class: 'bar' }, h('button', { class: 'go', type: 'button', on: { click: () => files.click() } }, 'Choose files'), files, h('span', 'or'),
      h('form', { on: { submit: event => { event.preventDefault(); addLink(link.value.trim(), options.values()); link.value = '' } } },
        link, h('button', { type: 'submit' }, 'Transcribe link'))),
    options.element)
  draw()
  startUploads(drawUploads, signal)
  drawUploads()
  watch()
  return [head('Jobs', status, search), drop, sending, list]
}

const clean = object => Object.entries(object).filter(([, value]) => value)

/** Waits for the end of a job, for as long as the service lets us. */
async function ended(job, signal) {
  try {
    await get(`/jobs/${job.job_id}`, { wait: 30 }, { signal })
  } catch {
    // The list says what there is to say.
    await pause(LIVELY, signal)
  }
}

function words(upload) {
  switch (upload.state) {
    case 'waiting': return 'waiting'
    case 'sending':
      return h('span', h('progress', { value: upload.sent, max: 1, 'aria-label': 'Sent' }), ` ${format.percent(upload.sent)} of ${format.bytes(upload.size)}`)
    case 'checking': return 'being checked'
    case 'failed': return 'not accepted'
    default: return ''
  }
}

const STORED = 'verbatim.options'

/** How recordings are transcribed. What the reader chose last time is chosen again. */
function uploadOptions() {
  const last = JSON.parse(localStorage.getItem(STORED) ?? '{}')
  const language = choice({ value: last.language ?? 'auto' }, [['auto', 'detect'], ...languages()])
  const diarize = h('input', { type: 'checkbox', checked: last.diarize ?? true })
  const speakers = h('input', { type: 'number', min: 1, max: 32, placeholder: 'any' })
  const element = h('div', { class: 'bar options' },
    h('label', 'Language', language), h('label', diarize, 'Tell speakers apart'), h('label', 'Speakers', speakers))
  return {
    element,
    values() {
      const values = { language: language.value, diarize: diarize.checked }
      localStorage.setItem(STORED, JSON.stringify(values))
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
