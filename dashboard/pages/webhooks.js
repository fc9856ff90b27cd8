// Webhooks: where the service tells your programs what happened, and the secret that signs it.

import { call, get } from '../api.js'
import { bdi, h } from '../dom.js'
import * as format from '../format.js'
import { shortcuts } from '../shortcuts.js'
import { choice, dialog, empty, failed, field, head, secret, state, table } from '../ui.js'
import { endpointFields, events } from '../webhook.js'

export default async function page({ signal, title, go, refresh }) {
  title('Webhooks')
  const [{ webhooks }, signing] = await Promise.all([get('/webhooks', { limit: 200 }, { signal }), get('/webhook-secret', {}, { signal })])
  shortcuts('Webhooks', [{ keys: 'n', what: 'Add an endpoint', run: () => create() }], signal)
  const button = () => h('button', { class: 'go', type: 'button', on: { click: create } }, 'Add endpoint')

  async function create() {
    const fields = endpointFields({})
    const made = await dialog({
      title: 'Add an endpoint', body: fields.element,
      actions: [{ text: 'Cancel' }, { text: 'Add', kind: 'go', run: async () => call('POST', '/webhooks', { json: fields.values() }) }],
    })
    if (!made) return
    if (!signing.created_at) await makeSecret().catch(failed)
    go(`webhooks/${made.id}`)
  }

  /** The first secret: there is nothing that it could disturb. */
  async function makeSecret() {
    await showSecret(await call('POST', '/webhook-secret/rotate', { json: { grace_seconds: 0 } }))
  }

  const showSecret = made => dialog({
    title: 'Your signing secret', wide: true, isFirm: true,
    body: [h('p', 'Copy it now. It is shown only here.'), secret('Signing secret', made.secret),
      h('p', { class: 'soft' }, made.next_from ? `Until ${format.when(made.next_from)} events are signed with the old secret and this one; then with this one alone.` : 'Every event is signed with it. Verify the signature over the raw body.')],
    actions: [{ text: 'Done', kind: 'go' }],
  })

  async function rotate() {
    const grace = choice({ value: '86400' }, [['0', 'no longer'], ['3600', 'for an hour'], ['86400', 'for a day'], ['604800', 'for a week']])
    const made = await dialog({
      title: 'Rotate the secret', body: field({ label: 'Events are also signed with the old secret', control: grace, name: 'grace_seconds' }),
      actions: [{ text: 'Cancel' }, { text: 'Rotate', kind: 'go', run: async () => call('POST', '/webhook-secret/rotate', { json: { grace_seconds: Number(grace.value) } }) }],
    })
    if (!made) return
    await showSecret(made)
    refresh()
  }

  const rows = webhooks.map(endpoint => [
    h('a', { href: `webhooks/${endpoint.id}` }, bdi(endpoint.url), endpoint.default && h('small', ' default')), events(endpoint.events), health(endpoint),
    endpoint.last_success_at ? format.ago(endpoint.last_success_at) : 'never',
  ])
  return [
    head('Webhooks', webhooks.length > 0 && button()),
    webhooks.length
      ? h('section', table('Webhook endpoints', [{ name: 'Endpoint', class: 'name' }, { name: 'Events', class: 'hide' }, { name: 'State' }, { name: 'Last success' }], rows))
      : empty('Be told instead of asking', 'We call your endpoint when a job ends, when your minutes run low and when a key is about to expire. Every call is signed.', button()),
    h('section', h('h2', 'Signing secret'),
      signing.created_at
        ? [h('p', `Made ${format.when(signing.created_at)}. It is shown only when it is made. If nobody has kept it, rotate it.`, signing.rotating && ` A new one takes over ${format.when(signing.next_from)}.`),
          h('button', { type: 'button', on: { click: () => rotate().catch(failed) } }, 'Rotate')]
        : [h('p', 'There is none yet. Your first endpoint gets one.'), h('button', { type: 'button', on: { click: () => makeSecret().then(refresh, failed) } }, 'Make a secret')]),
  ]
}

export function health(endpoint) {
  if (!endpoint.enabled) return state('', 'off')
  if (endpoint.failing) return state('bad', `failing since ${format.moment(endpoint.failing_since)}`)
  return endpoint.last_success_at ? state('good', 'on') : state('', 'on')
}
