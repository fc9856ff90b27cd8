// Where an invitation's link and a reset link lead: setting a password, once.

import { call } from '../api.js'
import { h } from '../dom.js'
import { busy, empty, field, sentence, showField } from '../ui.js'

export default async function page({ query, go, setSession, title }) {
  title('Choose a password')
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? query.get('token')
  if (!token) {
    return empty('This link is not complete', 'Copy the whole address from your invitation, and open it again.',
      h('a', { class: 'button', href: 'sign-in' }, 'Go to sign in'))
  }
  const password = h('input', { type: 'password', autocomplete: 'new-password', required: true, minlength: 10, maxlength: 200, dataset: { focus: '' } })
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  const button = h('button', { class: 'go wide', type: 'submit' }, 'Set password and sign in')
  const form = h('form', {
    class: 'card', novalidate: true,
    on: {
      submit: event => {
        event.preventDefault()
        busy(button, async () => {
          problem.hidden = true
          try {
            await setSession(await call('POST', '/members/password', { json: { token, password: password.value } }))
            await go('', { replacing: true })
          } catch (error) {
            if (showField(form, error)) return
            problem.hidden = false
            problem.textContent = sentence(error)
          }
        })
      },
    },
  },
    h('p', { class: 'brand' }, 'Verbatim'), h('h1', { tabindex: -1 }, 'Choose a password'),
    h('p', { class: 'soft' }, 'This link sets your password, once, and signs you in.'),
    field({ label: 'New password', control: password, name: 'password', hint: '10 to 200 characters. A sentence that only you know works well.' }),
    problem, button)
  return form
}
