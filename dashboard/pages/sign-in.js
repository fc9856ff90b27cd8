// Signing in with e-mail address and password.

import { call } from '../api.js'
import { h } from '../dom.js'
import { signInForm } from '../sign-in-form.js'
import { field } from '../ui.js'

export default async function page({ query, go, setSession, title }) {
  title('Sign in')
  const email = h('input', { type: 'email', autocomplete: 'username', required: true, dataset: { focus: '' } })
  const password = h('input', { type: 'password', autocomplete: 'current-password', required: true })
  return signInForm({
    title: 'Sign in', action: 'Sign in',
    fields: [field({ label: 'E-mail address', control: email, name: 'email' }), field({ label: 'Password', control: password, name: 'password' })],
    run: async () => {
      await setSession(await call('POST', '/members/sign-in', { json: { email: email.value, password: password.value } }))
      await go(next(query.get('next')), { replacing: true })
    },
    failed: error => { if (error.code === 'wrong_password') password.select() },
  }, h('p', { class: 'hint' }, 'Forgot your password, or new here? An owner of your account can make a link for you on the page Members.'))
}

/** Where the visitor wanted to go, if it is a page of ours that belongs to a member: the address may come from anybody. */
function next(path) {
  const base = document.baseURI
  const wanted = path && URL.canParse(path, base) ? new URL(path, base) : null
  return wanted?.href.startsWith(base) && !/^(password|sign-in)\b/.test(wanted.href.slice(base.length)) ? path : ''
}
