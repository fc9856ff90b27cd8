// What a job is called, and how it stands, in words.

import { call } from './api.js'
import { bdi, h } from './dom.js'
import * as format from './format.js'
import { state, undoable } from './ui.js'

/** The ids of jobs whose deletion can still be taken back. No list shows them. */
const deleting = new Set()
const listeners = new Set()

export const isDeleting = job => deleting.has(job.job_id)

/** Calls `listener` when a job is to be shown no more, or again, until `signal` is aborted. */
export function watchDeletions(listener, signal) {
  listeners.add(listener)
  signal.addEventListener('abort', () => listeners.delete(listener))
}

/** Deletes a job in some seconds, unless the reader takes it back: then `undone` is called. */
export function discard(job, undone = () => {}) {
  const change = () => { for (const listener of listeners) listener() }
  const show = () => { deleting.delete(job.job_id); change() }
  deleting.add(job.job_id)
  change()
  undoable([bdi(nameOf(job)), ' is deleted.'], {
    commit: options => call('DELETE', `/jobs/${job.job_id}`, options), missed: show, undo: () => { show(); undone() },
  })
}

export const isEnded = job => ['completed', 'failed', 'cancelled'].includes(job.status)

/** The name of the file, or the address without what nobody reads. */
export function nameOf(job) {
  if (job.source.type === 'upload') return job.source.name || 'Recording'
  return job.source.url.replace(/^https?:\/\//, '').replace(/[?#].*$/, '')
}

/** `62 %, about 4 min left`, once there is something to reckon from. */
export function progressOf(job, now = Date.now()) {
  const done = format.percent(job.progress)
  const elapsed = (now - new Date(job.started_at)) / 1000
  if (!job.started_at || job.progress < 0.05 || elapsed < 5) return done
  const left = elapsed * (1 - job.progress) / job.progress
  return `${done}, about ${left < 60 ? 'a minute' : format.length(Math.ceil(left / 60) * 60)} left`
}

export function stateOf(job) {
  switch (job.status) {
    case 'queued': return state('', 'queued')
    case 'processing':
      return h('span', h('progress', { value: job.progress, max: 1, 'aria-label': 'Progress' }), ' ', progressOf(job))
    case 'completed': return state('good', job.transcript_deleted_at ? 'transcript deleted' : 'completed')
    case 'failed': return state('bad', `failed: ${job.error?.message ?? 'no reason was given'}`)
    default: return state('', job.error ? `cancelled: ${job.error.message}` : 'cancelled')
  }
}
