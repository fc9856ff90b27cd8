// Where an invitation's link and a reset link lead: setting a password, once.

import { call } from '../api.js'
import { h } from '../dom.js'
import { signInForm } from '../sign-in-form.js'
import { empty, field, tick } from '../ui.js'

export default async function page({ go, setSession, title }) {
  title('Choose a password')
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!token) {
    return empty('This link is not complete', 'Copy the whole address from your invitation, and open it again.',
      h('a', { class: 'button', href: 'sign-in' }, 'Go to sign in'))
  }
  const shown = tick('Show it', { on: { change: event => { password.type = event.target.checked ? 'text' : 'password' } } })
  const password = h('input', { type: 'password', autocomplete: 'new-password', required: true, minlength: 10, maxlength: 200, dataset: { focus: '' } })
  return signInForm({
    title: 'Choose a password', text: 'This link sets your password, once, and signs you in.', action: 'Set password and sign in',
    fields: [field({ label: 'New password', control: password, name: 'password', hint: '10 to 200 characters. A sentence that only you know works well.' }), shown],
    run: async () => {
      await setSession(await call('POST', '/members/password', { json: { token, password: password.value } }))
      await go('', { replacing: true })
    },
  }, h('p', { class: 'hint' }, 'Have you set it already? ', h('a', { href: 'sign-in' }, 'Sign in'), '.'))
}
