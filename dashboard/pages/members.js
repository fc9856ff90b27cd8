// The people of the account.

import { all, call, get } from '../api.js'
import { bdi, h } from '../dom.js'
import * as format from '../format.js'
import { shortcuts } from '../shortcuts.js'
import { choice, confirm, dialog, failed, field, head, menu, secret, state, table, toast } from '../ui.js'

const roles = [
  ['owner', 'Owner: everything'], ['developer', 'Developer: jobs, keys, webhooks'], ['finance', 'Finance: usage and statements, no transcripts'],
  ['viewer', 'Viewer: reads jobs and transcripts'],
]

export default async function page({ session, signal, title, refresh, setSession }) {
  title('Members')
  const members = await all('/members', 'members', signal)
  shortcuts('Members', [{ keys: 'n', what: 'Invite a member', run: () => invite() }], signal)

  async function invite() {
    const email = h('input', { type: 'email', autocomplete: 'off', placeholder: 'ida@example.com', required: true })
    const role = choice({ value: 'viewer' }, roles)
    const invited = await dialog({
      title: 'Invite a member', body: [field({ label: 'E-mail address', control: email, name: 'email' }), field({ label: 'Role', control: role, name: 'role' })],
      actions: [{ text: 'Cancel' }, { text: 'Make an invitation', kind: 'go', run: async () => call('POST', '/members', { json: { email: email.value.trim(), role: role.value } }) }],
    })
    if (invited) await showLink(['Invite ', bdi(invited.email)], invited)
  }

  async function showLink(heading, member) {
    const link = new URL(`password#token=${member.token}`, document.baseURI).href
    await dialog({
      title: heading, wide: true, isFirm: true,
      body: [h('p', 'Send this link to ', bdi(member.email), `. We send no e-mail. It works once, until ${format.when(member.link_expires_at)}.`), secret('Link', link)],
      actions: [{ text: 'Done', kind: 'go' }],
    })
    refresh()
  }

  async function change(member) {
    const isSelf = member.id === session.member_id
    const role = choice({ value: member.role }, roles)
    const changed = await dialog({
      title: ['Role of ', bdi(member.email)],
      body: [field({ label: 'Role', control: role, name: 'role' }), isSelf && h('p', { class: 'soft' }, 'This is you. If you are no owner any more, only another owner can change it back.')],
      actions: [{ text: 'Cancel' }, { text: 'Save', kind: 'go', run: () => call('PATCH', `/members/${member.id}`, { json: { role: role.value } }) }],
    })
    if (!changed) return
    if (isSelf) await setSession(await get('/members/me'))
    toast([bdi(member.email), ` is ${changed.role} now.`])
    refresh()
  }

  async function remove(member) {
    const done = await confirm({
      title: ['Remove ', bdi(member.email), '?'], text: 'They are signed out everywhere within a second. What they did stays, and so do API keys that they made.', action: 'Remove',
      run: () => call('DELETE', `/members/${member.id}`),
    })
    if (done) refresh()
  }

  const rows = members.map(member => [
    h('span', bdi(member.email), member.id === session.member_id && h('small', ' you')), member.role,
    member.status === 'active' ? state('good', 'active') : state('warn', 'invited'), member.last_sign_in_at ? format.ago(member.last_sign_in_at) : 'never',
    menu(`Actions for ${member.email}`, () => [
      { text: 'Change the role', run: () => change(member).catch(failed) },
      {
        text: member.status === 'active' ? 'Make a link for a new password' : 'Make a new invitation',
        run: () => call('POST', `/members/${member.id}/reset`).then(made => showLink(['A link for ', bdi(member.email)], made)).catch(failed),
      },
      { text: 'Remove', danger: true, run: () => remove(member).catch(failed) },
    ]),
  ])
  return [
    head('Members', h('button', { class: 'go', type: 'button', on: { click: () => invite().catch(failed) } }, 'Invite')),
    h('section', table('Members', [{ name: 'Member', class: 'name' }, { name: 'Role' }, { name: 'State', class: 'hide' }, { name: 'Last sign-in', class: 'hide' },
      { name: h('span', { class: 'offscreen' }, 'Actions'), class: 'n' }], rows)),
  ]
}
