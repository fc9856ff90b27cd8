// An endpoint: what it was told, a test, and sending again.

import { call, get } from '../api.js'
import { bdi, h, replace } from '../dom.js'
import * as format from '../format.js'
import { attention, pause } from '../pause.js'
import { shortcuts } from '../shortcuts.js'
import { busy, choice, confirm, dialog, failed, field, head, menu, state, table, toast } from '../ui.js'
import { endpointFields, events } from '../webhook.js'
import { health } from './webhooks.js'

const statuses = [['', 'All deliveries'], ['delivered', 'Delivered'], ['failed', 'Failed'], ['pending', 'Waiting'], ['given_up', 'Given up']]

export default async function page({ params: [id], query, signal, title, go, refresh }) {
  const path = `/webhooks/${encodeURIComponent(id)}`
  const asked = { status: query.get('status'), cursor: query.get('cursor') }
  let [endpoint, page] = await Promise.all([get(path, {}, { signal }), get(`${path}/deliveries`, asked, { signal })])
  title('Webhook endpoint')
  const result = h('p', { role: 'status' })
  const testing = h('button', { type: 'button', on: { click: test } }, 'Send a test')
  const address = next => `webhooks/${id}?${new URLSearchParams(Object.entries({ ...asked, ...next }).filter(([, value]) => value))}`

  function test() {
    return busy(testing, async () => {
      try {
        const answer = await call('POST', `${path}/test`)
        result.replaceChildren(answer.acknowledged ? state('good', `It answered ${answer.status_code} after ${format.count(answer.latency_ms)} ms.`)
          : state('bad', `${answer.error ?? 'It did not acknowledge the test.'}${answer.status_code ? ` It answered ${answer.status_code}.` : ''}`))
      } catch (error) { failed(error) }
    })
  }

  async function replay() {
    const since = h('input', { type: 'datetime-local', value: local(new Date(Date.now() - 86_400_000)) })
    const which = choice({ value: 'failed' }, [['failed', 'those that failed'], ['', 'all']])
    const answer = await dialog({
      title: 'Replay events', body: [h('p', { class: 'soft' }, 'The same events, byte for byte, with the same ids.'),
        field({ label: 'Events since', control: since, name: 'since' }), field({ label: 'Which', control: which, name: 'status' })],
      actions: [{ text: 'Cancel' }, {
        text: 'Replay', kind: 'go',
        run: async () => call('POST', `${path}/replay`, { json: { since: moment(since.value), ...(which.value && { status: which.value }) } }),
      }],
    })
    if (!answer) return
    toast(answer.replayed ? `${format.count(answer.replayed)} ${answer.replayed === 1 ? 'event is' : 'events are'} sent again.` : 'There was nothing to send again.')
    refresh()
  }

  async function change() {
    const fields = endpointFields(endpoint)
    const changed = await dialog({
      title: 'Change the endpoint', body: fields.element,
      actions: [{ text: 'Cancel' }, { text: 'Save', kind: 'go', run: async () => call('PATCH', path, { json: fields.values() }) }],
    })
    if (changed) refresh()
  }

  async function turn(enabled) {
    await call('PATCH', path, { json: { enabled } })
    toast(enabled ? 'The endpoint is on.' : 'The endpoint is off: it is told of nothing.', { action: 'Undo', run: () => turn(!enabled).catch(failed) })
    refresh()
  }

  async function discard() {
    const done = await confirm({ title: 'Delete this endpoint?', text: `${endpoint.url} will be told of nothing more.`, action: 'Delete', run: () => call('DELETE', path) })
    if (done) go('webhooks')
  }

  shortcuts('Endpoint', [{ keys: 't', what: 'Send a test', run: test }, { keys: 'r', what: 'Replay events', run: () => replay().catch(failed) }], signal)
  const filter = choice({ 'aria-label': 'Deliveries', value: asked.status ?? '', on: { change: () => go(address({ status: filter.value, cursor: null })) } }, statuses)
  const cells = delivery => [
    delivery.event, delivery.job_id ? h('a', { href: `jobs/${delivery.job_id}` }, h('code', delivery.job_id)) : '–', outcome(delivery),
    h('time', { datetime: delivery.created_at, title: format.when(delivery.created_at) }, format.moment(delivery.created_at)),
  ]
  const [facts, list] = [h('p', { class: 'meta' }), h('div')]
  const columns = [{ name: 'Event' }, { name: 'Job', class: 'hide' }, { name: 'Outcome' }, { name: 'When', class: 'n' }]

  function draw() {
    replace(facts, h('span', health(endpoint)), h('span', events(endpoint.events)),
      h('span', endpoint.last_success_at ? `last success ${format.ago(endpoint.last_success_at)}` : 'no event has arrived yet'))
    replace(list, page.deliveries.length ? table('Deliveries, newest first', columns, page.deliveries.map(cells))
      : h('p', { class: 'soft' }, asked.status ? 'No delivery fits.' : 'No event has been sent yet. Tests are not listed.'),
    h('nav', { class: 'pages', 'aria-label': 'Pages of deliveries' },
      asked.cursor && h('a', { class: 'button', href: address({ cursor: null }) }, 'Newest'),
      page.next_cursor && h('a', { class: 'button', href: address({ cursor: page.next_cursor }) }, 'Older')))
  }

  /** Events come while somebody looks. */
  async function watch() {
    for (let known = JSON.stringify([endpoint, page]); !signal.aborted;) {
      await pause(5, signal)
      await attention(signal)
      try {
        const read = await Promise.all([get(path, {}, { signal }), get(`${path}/deliveries`, asked, { signal })])
        if (JSON.stringify(read) === known || list.contains(document.activeElement)) continue
        ;[endpoint, page] = read
        known = JSON.stringify(read)
        draw()
      } catch { /* The next look may go better. */ }
    }
  }

  draw()
  watch()
  return [
    h('nav', { class: 'soft', 'aria-label': 'Where you are' }, h('a', { href: 'webhooks' }, 'Webhooks'), ' / ', h('code', endpoint.id)),
    head(bdi(endpoint.url), testing, h('button', { type: 'button', on: { click: () => replay().catch(failed) } }, 'Replay…'), menu('More', () => [
      { text: 'Change', run: () => change().catch(failed) },
      { text: endpoint.enabled ? 'Turn off' : 'Turn on', run: () => turn(!endpoint.enabled).catch(failed) },
      { text: 'Delete', danger: true, run: () => discard().catch(failed) },
    ])),
    facts, result,
    h('section', h('div', { class: 'bar' }, h('h2', 'Deliveries'), h('span', { class: 'push' }, filter)), list),
  ]
}

/** A time as `datetime-local` wants it, in the reader's zone. */
function local(date) {
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function moment(value) {
  const date = new Date(value)
  if (Number.isNaN(date.getTime())) throw Object.assign(new Error('Choose a day and a time.'), { field: 'since' })
  return date.toISOString()
}

function outcome(delivery) {
  const tries = delivery.attempts > 1 ? `, ${format.count(delivery.attempts)} tries` : ''
  const why = [delivery.status_code, delivery.error].filter(Boolean).join(' ')
  switch (delivery.status) {
    case 'delivered': return state('good', `delivered${tries}`)
    case 'sending': return state('', 'being sent')
    case 'given_up': return state('bad', `given up${tries}: ${why}`)
    default: return delivery.attempts ? state('warn', `failed${tries}: ${why}; next ${format.ago(delivery.next_attempt_at)}`) : state('', 'waiting')
  }
}
