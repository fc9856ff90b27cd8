// The form that begins a session, as the pages `sign-in` and `password` show it.

import { h } from './dom.js'
import { busy, isComplete, sentence, showField } from './ui.js'

/** `fields` stand between the heading and the button; `run` begins the session or throws; `failed` is told why it did not. */
export function signInForm({ title, text, fields, action, run, failed = () => {} }, ...below) {
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  const button = h('button', { class: 'go wide', type: 'submit' }, action)
  const form = h('form', {
    class: 'card', novalidate: true,
    on: {
      submit: event => {
        event.preventDefault()
        problem.hidden = true
        if (!isComplete(form)) return
        busy(button, async () => {
          try {
            await run()
          } catch (error) {
            failed(error)
            if (showField(form, error)) return
            problem.hidden = false
            problem.textContent = sentence(error)
          }
        })
      },
    },
  }, h('p', { class: 'brand' }, 'Verbatim'), h('h1', { tabindex: -1 }, title), text && h('p', { class: 'soft' }, text), fields, problem, button, below)
  return form
}
