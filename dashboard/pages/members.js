// The people of the account.

import { call, get } from '../api.js'
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
  const { members } = await get('/members', { limit: 200 }, { signal })
  shortcuts('Members', [{ keys: 'n', what: 'Invite a member', run: () => invite() }], signal)

  async function invite() {
    const email = h('input', { type: 'email', autocomplete: 'off', placeholder: 'ida@example.com' })
    const role = choice({ value: 'viewer' }, roles)
    const invited = await dialog({
      title: 'Invite a member', body: [field({ label: 'E-mail address', control: email, name: 'email' }), field({ label: 'Role', control: role, name: 'role' })],
      actions: [{ text: 'Cancel' }, { text: 'Make an invitation', kind: 'go', run: async () => call('POST', '/members', { json: { email: email.value.trim(), role: role.value } }) }],
    })
    if (invited) await showLink(`Invite ${invited.email}`, invited)
  }

  async function showLink(heading, member) {
    const link = new URL(`password#token=${member.token}`, document.baseURI).href
    await dialog({
      title: heading, wide: true,
      body: [h('p', `Send this link to ${member.email}. We send no e-mail. It works once, until ${format.when(member.link_expires_at)}.`), secret('Link', link)],
      actions: [{ text: 'Done', kind: 'go' }],
    })
    refresh()
  }

  async function change(member, role) {
    const before = member.role
    try {
      await call('PATCH', `/members/${member.id}`, { json: { role } })
      toast(`${member.email} is ${role} now.`, { action: 'Undo', run: () => change({ ...member, role }, before) })
      if (member.id === session.member_id) await setSession(await get('/members/me'))
    } catch (error) { failed(error) }
    refresh()
  }

  async function remove(member) {
    const done = await confirm({
      title: `Remove ${member.email}?`, text: 'They are signed out everywhere within a second. What they did stays.', action: 'Remove',
      run: () => call('DELETE', `/members/${member.id}`),
    })
    if (done) refresh()
  }

  const rows = members.map(member => {
    const role = choice({ 'aria-label': `Role of ${member.email}`, value: member.role, on: { change: () => change(member, role.value) } }, roles.map(([name]) => [name, name]))
    return [
      h('span', bdi(member.email), member.id === session.member_id && h('small', ' you')), role,
      member.status === 'active' ? state('good', 'active') : state('warn', 'invited'), member.last_sign_in_at ? format.ago(member.last_sign_in_at) : 'never',
      menu(`Actions for ${member.email}`, () => [
        {
          text: member.status === 'active' ? 'Make a link for a new password' : 'Make a new invitation',
          run: () => call('POST', `/members/${member.id}/reset`).then(made => showLink(`A link for ${member.email}`, made)).catch(failed),
        },
        { text: 'Remove', danger: true, run: () => remove(member).catch(failed) },
      ]),
    ]
  })
  return [
    head('Members', h('button', { class: 'go', type: 'button', on: { click: () => invite().catch(failed) } }, 'Invite')),
    h('section', table('Members', [{ name: 'Member', class: 'name' }, { name: 'Role' }, { name: 'State', class: 'hide' }, { name: 'Last sign-in', class: 'hide' },
      { name: h('span', { class: 'offscreen' }, 'Actions'), class: 'n' }], rows)),
  ]
}
