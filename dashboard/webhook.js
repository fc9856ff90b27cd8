// What an endpoint is told of.

import { h } from './dom.js'
import { field, tick } from './ui.js'

const patterns = [
  ['job.completed', 'a transcript is ready'], ['job.failed', 'a job failed'], ['job.cancelled', 'a job was cancelled'],
  ['usage.threshold_reached', 'an alert’s percentage is reached'], ['usage.limit_reached', 'the month’s minutes or the cap are used up'],
  ['key.expiring', 'an API key is about to expire'], ['webhook.failing', 'an endpoint has failed for a day'],
]

export const events = list => list.includes('*') ? 'everything' : list.join(', ')

const covers = (pattern, event) => pattern === '*' || pattern === event || (pattern.endsWith('.*') && event.startsWith(pattern.slice(0, -1)))

export function endpointFields(endpoint) {
  const url = h('input', { type: 'url', value: endpoint.url ?? '', placeholder: 'https://example.com/hooks', autocomplete: 'off', required: true })
  const told = endpoint.events ?? ['*']
  const boxes = patterns.map(([event, text]) => [event, tick([text, h('small', ' ', event)], { checked: told.some(pattern => covers(pattern, event)) })])
  const element = h('div',
    field({ label: 'URL', control: url, name: 'url', hint: 'https, on the public internet.' }),
    h('fieldset', { dataset: { field: 'events' } }, h('legend', 'Tell it when'), boxes.map(([, box]) => box), h('p', { class: 'problem', hidden: true })))
  return {
    element,
    values() {
      const chosen = boxes.filter(([, box]) => box.firstChild.checked).map(([event]) => event)
      const values = { url: url.value.trim() }
      // What nobody changed stays as it is written: `job.*` also means events to come.
      const isChanged = boxes.some(([event, box]) => box.firstChild.checked !== told.some(pattern => covers(pattern, event)))
      if (isChanged || !endpoint.id) values.events = chosen.length === patterns.length ? ['*'] : chosen
      return values
    },
  }
}
