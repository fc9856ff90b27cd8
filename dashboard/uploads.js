// Recordings on their way to the service. They go on while the reader looks at other pages.

import { call, send } from './api.js'

/** How many are sent at once. */
const AT_ONCE = 2
/** How often one is sent again by itself after a lost connection, and after how many seconds. */
const RETRIES = [2, 8, 30]

/** Newest first. `state`: waiting, sending, checking, failed, done. */
export const uploads = []
const listeners = new Set()
/** Whether none is begun, because the session has ended. */
let isHeld = false

class Upload {
  constructor(source, options) {
    Object.assign(this, source)
    this.options = options
    this.state = 'waiting'
    this.sent = 0
    this.tries = 0
    /** The service takes the same recording only once under the same key, however often it is sent. */
    this.key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
  }
  get isUnderWay() { return ['waiting', 'sending', 'checking'].includes(this.state) }
  /** Whether the same file may be accepted later. */
  get isWorthAnother() { return isPassing(this.error) || this.error?.status === 402 }
  get isOfQuota() { return this.error?.code === 'quota_exceeded' && this.error.problem.overage_allowed }
}

/** Nobody's fault: a lost connection, too many calls, a service that is starting, a first try that is still going on. */
const isPassing = error => [0, 429, 502, 503, 504].includes(error?.status) || error?.code === 'idempotency_in_progress'

/** Calls `listener` after every change, until `signal` is aborted. */
export function startUploads(listener, signal) {
  listeners.add(listener)
  signal?.addEventListener('abort', () => listeners.delete(listener))
}

export function addFiles(files, options) {
  for (const file of files) uploads.unshift(new Upload({ file, name: file.name, size: file.size }, options))
  changed()
}

export function addLink(link, options) {
  uploads.unshift(new Upload({ link, name: link }, options))
  changed()
}

export function again(upload, { acceptOverage = false } = {}) {
  upload.acceptOverage ||= acceptOverage
  Object.assign(upload, { state: 'waiting', error: null, sent: 0, tries: 0 })
  changed()
}

export function remove(upload) {
  upload.controller?.abort()
  uploads.splice(uploads.indexOf(upload), 1)
  changed()
}

/** Somebody is signed in: what waits goes on. */
export function goOn() {
  isHeld = false
  changed()
}

/** Ends all of them: another member may use this page next. */
export function removeAll() {
  for (const upload of uploads) upload.controller?.abort()
  uploads.length = 0
  changed()
}

function changed() {
  for (const next of uploads.toReversed()) {
    if (isHeld || uploads.filter(upload => upload.state === 'sending' || upload.state === 'checking').length >= AT_ONCE) break
    if (next.state === 'waiting') begin(next)
  }
  for (const listener of listeners) listener()
}

async function begin(upload) {
  upload.state = upload.file ? 'sending' : 'checking'
  upload.controller = new AbortController()
  try {
    upload.job = await (upload.file ? sendFile(upload) : sendLink(upload))
    upload.state = 'done'
  } catch (error) {
    if (error.name === 'AbortError') return
    // The session has ended, or another tab has replaced it.
    if (error.status === 401 || error.code === 'csrf_token_missing') {
      isHeld = true
      upload.state = 'waiting'
      return changed()
    }
    if (isPassing(error) && upload.tries < RETRIES.length) return sendLater(upload, error.retryAfter)
    upload.state = 'failed'
    upload.error = error
  }
  changed()
}

function sendLater(upload, retryAfter) {
  upload.state = 'sending'
  upload.sent = 0
  const seconds = Math.min(120, Math.max(RETRIES[upload.tries], retryAfter ?? 0))
  setTimeout(() => {
    if (!uploads.includes(upload)) return
    upload.state = 'waiting'
    changed()
  }, seconds * 1000)
  upload.tries += 1
  changed()
}

function sendFile(upload) {
  const form = new FormData()
  for (const [name, value] of Object.entries(upload.options)) form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
  form.append('file', upload.file)
  return send('/jobs', form, {
    query: { accept_overage: upload.acceptOverage || null }, headers: { 'Idempotency-Key': upload.key }, signal: upload.controller.signal,
    onProgress: (sent, total) => {
      upload.sent = sent / total
      if (sent === total) upload.state = 'checking'
      changed()
    },
  })
}

function sendLink(upload) {
  return call('POST', '/jobs', {
    json: { source_url: upload.link, ...upload.options }, query: { accept_overage: upload.acceptOverage || null },
    headers: { 'Idempotency-Key': upload.key }, signal: upload.controller.signal,
  })
}

addEventListener('beforeunload', event => {
  if (uploads.some(upload => upload.isUnderWay)) event.preventDefault()
})
