// API keys: what programs log in with.

import { address, all, call } from '../api.js'
import { bdi, h } from '../dom.js'
import * as format from '../format.js'
import { shortcuts } from '../shortcuts.js'
import { choice, confirm, copyButton, dialog, empty, failed, field, head, menu, secret, state, table, tick, toast } from '../ui.js'

const scopes = [
  ['jobs:write', 'submit and cancel jobs'], ['jobs:read', 'read jobs and transcripts'], ['jobs:delete', 'delete jobs and transcripts'],
  ['usage:read', 'read the usage'], ['webhooks:write', 'manage webhooks'], ['keys:write', 'manage keys and limits'],
]
const columns = [
  { name: 'Name', class: 'name' }, { name: 'Key', class: 'hide' }, { name: 'May', class: 'hide' }, { name: 'Last login' }, { name: 'State' },
  { name: h('span', { class: 'offscreen' }, 'Actions'), class: 'n' },
]

export default async function page({ session, signal, title, refresh }) {
  title('API keys')
  const keys = await all('/keys', 'keys', signal)
  shortcuts('Keys', [{ keys: 'n', what: 'Make a key', run: create }], signal)
  const button = () => h('button', { class: 'go', type: 'button', on: { click: create } }, 'New key')

  function create() {
    const fields = keyFields({ scopes: ['jobs:write', 'jobs:read'] }, session, true)
    return dialog({
      title: 'New API key', body: fields.element,
      actions: [{ text: 'Cancel' }, { text: 'Make key', kind: 'go', run: async () => call('POST', '/keys', { json: fields.values() }) }],
    }).then(key => key && shown('The key is made', key))
  }

  async function shown(heading, key) {
    const root = address('/').href.replace(/\/$/, '')
    const line = `curl -s ${root}/auth/token -H 'Content-Type: application/json' -d '{"api_key":"${key.api_key}"}'`
    await dialog({
      title: heading, wide: true, isFirm: true,
      body: [h('p', 'Copy it now. It is shown only here; we keep no copy of it.'), secret('API key', key.api_key),
        h('p', { class: 'soft' }, 'To log in with it:'), h('pre', { tabindex: 0 }, line), copyButton(line, 'Copy the line')],
      actions: [{ text: 'Done', kind: 'go' }],
    })
    refresh()
  }

  function change(key) {
    const fields = keyFields(key, session, false)
    return dialog({
      title: 'Change the key', body: fields.element,
      actions: [{ text: 'Cancel' }, { text: 'Save', kind: 'go', run: async () => call('PATCH', `/keys/${key.key_id}`, { json: fields.values() }) }],
    }).then(changed => { if (changed) { toast('The key is changed.'); refresh() } })
  }

  function rotate(key) {
    const grace = choice({ value: '86400' }, [['0', 'stops now'], ['3600', 'works for another hour'], ['86400', 'works for another day'], ['604800', 'works for another week']])
    return dialog({
      title: ['Rotate ', bdi(key.name)], body: [h('p', 'A new key with the same rules takes its place.'), field({ label: 'The old key', control: grace, name: 'grace_seconds' })],
      actions: [{ text: 'Cancel' }, { text: 'Rotate', kind: 'go', run: async () => call('POST', `/keys/${key.key_id}/rotate`, { json: { grace_seconds: Number(grace.value) } }) }],
    }).then(fresh => fresh && shown('The new key', fresh))
  }

  async function revoke(key) {
    const done = await confirm({
      title: ['Revoke ', bdi(key.name), '?'], text: 'Programs that use it stop working within a second. This can’t be undone.', action: 'Revoke the key',
      run: () => call('DELETE', `/keys/${key.key_id}`),
    })
    if (done) { toast('The key is revoked.'); refresh() }
  }

  const actions = key => [
    { text: 'Change', run: () => change(key).catch(failed) }, { text: 'Rotate', run: () => rotate(key).catch(failed) },
    { text: 'Revoke', danger: true, run: () => revoke(key).catch(failed) },
  ]
  const rows = list => list.map(key => [
    h('span', bdi(key.name), key.mode === 'test' && h('small', ' test')), h('code', `tsk_${key.mode}_${key.key_id}…`), may(key), key.last_used_at ? format.ago(key.last_used_at) : 'never', status(key),
    key.status === 'revoked' ? '' : menu(`Actions for ${key.name}`, () => actions(key)),
  ])
  const [current, old] = [keys.filter(key => key.status !== 'revoked'), keys.filter(key => key.status === 'revoked')]
  if (!keys.length) return [head('API keys'), empty('No keys yet', 'A program logs in with an API key. Make one for each program, with what it needs and no more.', button())]
  return [
    head('API keys', button()), h('p', { class: 'meta' }, 'Programs log in with a key, as the ', h('a', { href: address('/docs').href, target: '_blank' }, 'API reference'), ' shows. People sign in as members.'),
    h('section', current.length ? table('API keys', columns, rows(current)) : h('p', 'There is no key that works.')),
    old.length > 0 && h('section', h('details', h('summary', `${format.count(old.length)} revoked`), table('Revoked keys', columns, rows(old)))),
  ]
}

const may = key => key.scopes.length === scopes.length ? 'everything' : key.scopes.join(', ')

function status(key) {
  const limits = [key.monthly_minutes != null && `${format.count(key.monthly_minutes)} min a month`, key.allowed_addresses.length && `${format.count(key.allowed_addresses.length)} ${key.allowed_addresses.length === 1 ? 'address' : 'addresses'}`].filter(Boolean)
  const [kind, text] = key.status === 'revoked' ? ['', 'revoked'] : key.status === 'expiring' || key.expires_at ? ['warn', `until ${format.when(key.expires_at)}`] : ['good', 'active']
  return h('span', state(kind, text), limits.length > 0 && h('small', ' ', limits.join(', ')))
}

/** What a key may be told. Only a new one can be given an end and a mode. */
function keyFields(key, session, isNew) {
  const name = h('input', { value: key.name ?? '', maxlength: 100, placeholder: 'newsroom', autocomplete: 'off', required: true })
  const boxes = scopes.filter(([scope]) => session.scopes.includes(scope) && (scope !== 'keys:write' || session.role === 'owner'))
    .map(([scope, text]) => [scope, tick([text, h('small', ' ', scope)], { value: scope, checked: key.scopes.includes(scope) })])
  const mode = choice({ value: 'live' }, [['live', 'live: real transcripts, real minutes'], ['test', 'test: simulated transcripts, free']])
  const end = choice({ value: '' }, [['', 'never'], ['30', 'in 30 days'], ['90', 'in 90 days'], ['365', 'in a year']])
  const minutes = h('input', { type: 'number', min: 0, value: key.monthly_minutes ?? '', placeholder: 'no limit' })
  const addresses = h('textarea', { value: (key.allowed_addresses ?? []).join('\n'), placeholder: 'any', rows: 2, spellcheck: 'false' })
  const element = h('div',
    field({ label: 'Name', hint: 'What it is for. You see it here and on the usage page.', control: name, name: 'name' }),
    h('fieldset', { dataset: { field: 'scopes' } }, h('legend', 'It may'), boxes.map(([, box]) => box), h('p', { class: 'problem', hidden: true })),
    isNew && field({ label: 'Mode', control: mode, name: 'mode' }), isNew && field({ label: 'It expires', control: end, name: 'expires_at' }),
    h('details', h('summary', 'Limits'),
      field({ label: 'Minutes a month', control: minutes, name: 'monthly_minutes', hint: 'Its jobs can’t use more.' }),
      field({ label: 'Allowed addresses', control: addresses, name: 'allowed_addresses', hint: 'One a line, such as 192.0.2.0/24. Empty: it works from anywhere.' })))
  return {
    element,
    values() {
      const offered = boxes.map(([scope]) => scope)
      const values = {
        name: name.value.trim(),
        // Scopes that this member can't give stay as they are.
        scopes: [...boxes.filter(([, box]) => box.firstChild.checked).map(([scope]) => scope), ...(isNew ? [] : key.scopes.filter(scope => !offered.includes(scope)))],
        monthly_minutes: minutes.value === '' ? null : Number(minutes.value), allowed_addresses: addresses.value.split(/[\s,]+/).filter(Boolean),
      }
      // What nobody changed is not sent: this member may not be the one who may change it.
      const isSame = (one, other) => JSON.stringify([one].flat().toSorted()) === JSON.stringify([other].flat().toSorted())
      if (!isNew) for (const name of Object.keys(values)) if (isSame(values[name] ?? [], key[name] ?? [])) delete values[name]
      if (isNew) {
        values.mode = mode.value
        if (end.value) values.expires_at = new Date(Date.now() + Number(end.value) * 86_400_000).toISOString()
      }
      return values
    },
  }
}
