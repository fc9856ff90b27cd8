// The account's limits, and how this browser shows things.

import { call, get } from '../api.js'
import { bdi, h } from '../dom.js'
import * as format from '../format.js'
import * as keyboard from '../shortcuts.js'
import { setTheme, theme } from '../theme.js'
import { busy, choice, confirm, dialog, failed, field, head, showField, tick, toast } from '../ui.js'

const PERCENTS = [50, 75, 80, 90, 100]

export default async function page({ session, signal, title, signOut }) {
  title('Settings')
  const [limits, usage] = session.scopes.includes('usage:read') ? await Promise.all([get('/account/limits', {}, { signal }), get('/usage', {}, { signal })]) : []
  const look = choice({ value: theme(), on: { change: () => setTheme(look.value) } }, [['system', 'as the system'], ['light', 'light'], ['dark', 'dark']])
  return [
    head('Settings'),
    limits && limitForms(limits, usage, session.role === 'owner' || session.role === 'finance'),
    h('section', h('h2', 'This browser'), field({ label: 'Look', control: look }),
      tick('Keyboard shortcuts', { checked: keyboard.areOn(), on: { change: event => keyboard.turn(event.target.checked) } })),
    h('section', h('h2', 'You'), h('p', bdi(session.email), `, ${session.role} of `, bdi(session.tenant_name), '. Account ', h('code', session.tenant_id), '.'),
      h('p', h('button', { type: 'button', on: { click: () => changePassword().catch(failed) } }, 'Change your password')),
      h('p', 'Lost a computer, or signed in on one that isn’t yours?'),
      h('button', { type: 'button', on: { click: event => busy(event.currentTarget, () => signOut({ everywhere: true })) } }, 'Sign out everywhere')),
  ]
}

async function changePassword() {
  const current = h('input', { type: 'password', autocomplete: 'current-password', required: true })
  const next = h('input', { type: 'password', autocomplete: 'new-password', required: true, minlength: 10, maxlength: 200 })
  const shown = tick('Show it', { on: { change: event => { next.type = event.target.checked ? 'text' : 'password' } } })
  const done = await dialog({
    title: 'Change your password',
    body: [field({ label: 'Present password', control: current, name: 'password' }),
      field({ label: 'New password', control: next, name: 'new_password', hint: '10 to 200 characters. Your other sessions end.' }), shown],
    actions: [{ text: 'Cancel' }, {
      text: 'Change it', kind: 'go',
      run: async () => { await call('PUT', '/members/me/password', { json: { password: current.value, new_password: next.value } }); return true },
    }],
  })
  if (done) toast('Your password is changed.')
}

// MARK: limits

function limitForms(limits, usage, may) {
  const cap = h('input', { inputmode: 'decimal', value: limits.overage_cap_cents == null ? '' : dollars(limits.overage_cap_cents), placeholder: 'no cap', disabled: !may, autocomplete: 'off' })
  const operator = limits.operator_overage_cap_cents
  const days = h('input', { type: 'number', min: 1, max: 3650, value: limits.transcript_retention_days ?? '', placeholder: 'kept', disabled: !may })
  /** A shorter time deletes at once what is older. */
  const mayDelete = async ({ transcript_retention_days: next }) => {
    if (next == null || next >= (limits.transcript_retention_days ?? Infinity)) return true
    return confirm({
      title: `Keep transcripts for ${format.count(next)} ${next === 1 ? 'day' : 'days'}?`, text: 'Transcripts that are older are deleted, also those that there are already. They can’t be brought back.', action: 'Delete older transcripts',
    })
  }
  const chosen = [...new Set([...PERCENTS, ...limits.alert_percents])].sort((a, b) => a - b)
  const boxes = chosen.map(percent => [percent, tick(format.percent(percent / 100), { checked: limits.alert_percents.includes(percent), disabled: !may })])
  const form = (...parts) => limitForm(limits, may, ...parts)
  return [
    form('Cap', ['What the overage of a month may cost at most. It is exact: no month ends above it.',
      !usage.overage_enabled && ' At present this account can’t use minutes beyond the month, so there is nothing to cap. Your operator can change that.'],
      field({ label: 'Cap in US dollars', control: cap, name: 'overage_cap_cents', hint: operator != null ? `The service allows ${format.money(operator)} at most.` : 'Empty: no cap.' }),
      () => ({ overage_cap_cents: cents(cap.value) })),
    form('Alerts', ['At which percentages of the month’s minutes, and of the cap, your webhooks are told. Without a ', h('a', { href: 'webhooks' }, 'webhook'), ' nobody is.'],
      h('fieldset', { dataset: { field: 'alert_percents' } }, h('legend', { class: 'offscreen' }, 'Alerts'), h('div', { class: 'choices' }, boxes.map(([, box]) => box)), h('p', { class: 'problem', hidden: true })),
      () => ({ alert_percents: boxes.filter(([, box]) => box.firstChild.checked).map(([percent]) => percent) })),
    form('Retention', 'After how many days transcripts are deleted; also those that there are already.',
      field({ label: 'Days', control: days, name: 'transcript_retention_days', hint: 'Empty: transcripts are kept until somebody deletes them.' }),
      () => ({ transcript_retention_days: days.value === '' ? null : Number(days.value) }), mayDelete),
  ]
}

/** A part of the limits. `isSure` may ask before they are saved. */
function limitForm(limits, may, heading, text, fields, values, isSure = async () => true) {
  const button = h('button', { type: 'submit' }, 'Save')
  const element = h('form', {
    on: {
      submit: event => {
        event.preventDefault()
        busy(button, async () => {
          try {
            const json = values()
            if (!await isSure(json)) return
            Object.assign(limits, await call('PUT', '/account/limits', { json }))
            toast(`${heading}: saved.`)
          } catch (error) { if (!showField(element, error)) failed(error) }
        })
      },
    },
  }, fields, may && button)
  return h('section', h('h2', heading), h('p', text), element)
}

const dollars = cents => `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`

/** Cents from what somebody types, such as `50`, `50.5` or `$1,000.00`; null for nothing. */
function cents(text) {
  const plain = text.trim().replace(/[$\s]/g, '').replace(/,(?=\d{3}(\D|$))/g, '').replace(',', '.')
  if (!plain) return null
  const parts = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(plain)
  if (!parts) throw Object.assign(new Error('Write an amount such as 50.00.'), { field: 'overage_cap_cents' })
  return Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'))
}
