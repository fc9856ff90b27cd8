// Signing in with e-mail address and password.

import { call } from '../api.js'
import { h } from '../dom.js'
import { busy, field, sentence } from '../ui.js'

export default async function page({ query, go, setSession, title }) {
  title('Sign in')
  const email = h('input', { type: 'email', autocomplete: 'username', required: true, dataset: { focus: '' } })
  const password = h('input', { type: 'password', autocomplete: 'current-password', required: true })
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  const button = h('button', { class: 'go wide', type: 'submit' }, 'Sign in')
  return h('form', {
    class: 'card', novalidate: true,
    on: {
      submit: event => {
        event.preventDefault()
        busy(button, async () => {
          problem.hidden = true
          try {
            await setSession(await call('POST', '/members/sign-in', { json: { email: email.value, password: password.value } }))
            await go(query.get('next') ?? '', { replacing: true })
          } catch (error) {
            problem.hidden = false
            problem.textContent = sentence(error)
            if (error.code === 'wrong_password') password.select()
          }
        })
      },
    },
  },
    h('p', { class: 'brand' }, 'Verbatim'), h('h1', { tabindex: -1 }, 'Sign in'),
    field({ label: 'E-mail address', control: email, name: 'email' }), field({ label: 'Password', control: password, name: 'password' }),
    problem, button,
    h('p', { class: 'hint' }, 'Forgot your password, or new here? An owner of your account can make a link for you on the page Members.'))
}
