// The money: a month at a glance, who used it, and the statements.

import { address, all, get } from '../api.js'
import { chart } from '../chart.js'
import { bdi, h, replace, svg } from '../dom.js'
import * as format from '../format.js'
import { choice, failed, head, table } from '../ui.js'

export default async function page({ query, signal, go, title, session }) {
  const thisMonth = new Date().toISOString().slice(0, 7)
  const asked = query.get('period') ?? ''
  const period = /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) ? asked : thisMonth
  const by = query.get('by') ?? 'key'
  title(`Usage in ${format.monthName(period)}`)
  const [month, groups, limits, statements] = await Promise.all([
    get('/usage', { period, group_by: 'day' }, { signal }), get('/usage', { period, group_by: by, interval: 'day' }, { signal }),
    get('/account/limits', {}, { signal }), get('/statements', { limit: 12 }, { signal }),
  ])
  const names = by === 'key' ? await keyNames(session, signal) : new Map()
  // Without a name, a group has an id, or nothing that the jobs were marked with.
  const nameOf = value => value == null ? by === 'key' ? 'unknown' : 'without a value' : names.get(value) ?? value
  const link = (text, label, target) => h('a', { class: 'button', href: `usage?${new URLSearchParams({ period: target, by })}`, 'aria-label': label }, text)
  return [
    head(format.monthName(period), link('‹', 'Month before', shift(period, -1)), period < thisMonth && link('›', 'Month after', shift(period, 1))),
    glance(month, period === thisMonth, limits),
    h('section', h('h2', 'Minutes by day'), chart(daysOf(period), month, groups.groups, nameOf)),
    h('section', split(groups, by, nameOf, month, asked => go(`usage?${new URLSearchParams({ period, by: asked })}`))),
    h('section', h('h2', 'Statements'), statementTable(statements, signal)),
  ]
}

// MARK: at a glance

function glance(month, isOpen, limits) {
  const included = month.included_minutes * 60
  const pace = isOpen ? month.used_seconds / elapsedShare(month.period) : null
  const cap = month.overage_cap_cents
  const reserved = isOpen && month.reserved_seconds > 0 ? `${format.minutes(month.reserved_seconds)} reserved by running jobs. ` : ''
  const alerts = limits.alert_percents.length ? `Your webhooks are told at ${limits.alert_percents.map(percent => format.percent(percent / 100)).join(', ')}.` : 'No alerts are set.'
  return h('div', { class: 'grid' },
    h('div', h('p', { class: 'big' }, format.decimal(month.used_minutes), ' ', h('small', `of ${format.count(month.included_minutes)} min`)),
      gauge('Minutes used and reserved', [[month.used_seconds, 'var(--accent)'], [month.reserved_seconds, 'var(--warn)']], included),
      h('p', { class: 'soft' }, reserved, pace != null && month.used_seconds > 0 ? `At this pace ${format.minutes(pace)} by the end of the month.` : '')),
    h('div', h('p', { class: 'big' }, format.money(month.overage_amount_cents, month.currency), ' ',
      h('small', cap != null ? `of a ${format.money(cap, month.currency)} cap` : month.overage_enabled ? 'overage' : 'no overage')),
      cap != null && gauge('Overage', [[month.overage_amount_cents, 'var(--accent)']], cap),
      h('p', { class: 'soft' }, !month.overage_enabled ? 'This account can’t use minutes beyond the month.'
        : cap != null ? 'Nothing is billed above the cap. ' : 'There is no cap. ', month.overage_enabled && h('a', { href: 'settings' }, cap != null ? 'Change it' : 'Set one'))),
    h('div', h('p', { class: 'big' }, format.count(month.concurrency.in_use), ' ', h('small', `of ${format.count(month.concurrency.limit)} running`)),
      gauge('Jobs running', [[month.concurrency.in_use, 'var(--accent)']], month.concurrency.limit),
      h('p', { class: 'soft' }, month.concurrency.waiting ? `${format.count(month.concurrency.waiting)} waiting. ` : 'None waiting. ', alerts, ' ', h('a', { href: 'settings' }, 'Alerts'))))
}

/** The parts of a whole, side by side. What is more than the whole fills it. */
function gauge(label, parts, whole) {
  let left = 0
  const sum = parts.reduce((total, [value]) => total + value, 0)
  const scale = 100 / Math.max(whole, sum, 1)
  return svg('svg', { class: 'gauge', viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': `${label}: ${format.percent(sum / Math.max(whole, 1))}` },
    svg('rect', { width: 100, height: 8, fill: 'var(--wash)' }),
    parts.map(([value, fill]) => { const bar = svg('rect', { x: left, width: value * scale, height: 8, fill }); left += value * scale; return bar }))
}

/** How much of a month is over, from 0 to 1. Months of bills are months in UTC. */
function elapsedShare(period) {
  const [start, end] = [Date.parse(`${period}-01T00:00:00Z`), Date.parse(`${shift(period, 1)}-01T00:00:00Z`)]
  return Math.max(1 / 31, Math.min(1, (Date.now() - start) / (end - start)))
}

/** The days of a month, such as `2026-11-05`. */
function daysOf(period) {
  const last = new Date(Date.parse(`${shift(period, 1)}-01T00:00:00Z`) - 1).getUTCDate()
  return Array.from({ length: last }, (_, index) => `${period}-${String(index + 1).padStart(2, '0')}`)
}

function shift(period, months) {
  const [year, month] = period.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 7)
}

// MARK: who used it

function split(usage, by, nameOf, month, choose) {
  const isTag = by.startsWith('metadata.')
  const tag = h('input', { value: isTag ? by.slice(9) : '', maxlength: 100, placeholder: 'project' })
  const select = choice({ 'aria-label': 'Split by', value: isTag ? 'metadata' : by }, [['key', 'By key or member'], ['metadata', 'By metadata']])
  const form = h('form', { class: 'bar', hidden: !isTag, on: { submit: event => { event.preventDefault(); if (tag.value.trim()) choose(`metadata.${tag.value.trim()}`) } } },
    h('label', 'Name in the metadata ', tag), h('button', { type: 'submit' }, 'Show'))
  select.addEventListener('change', () => {
    if (select.value === 'key') return choose('key')
    form.hidden = false
    tag.focus()
  })
  const rows = usage.groups.map(group => [
    group.value == null ? h('span', { class: 'soft' }, nameOf(null)) : bdi(nameOf(group.value)),
    format.count(group.jobs), format.minutes(group.used_seconds), group.overage_cents ? format.money(group.overage_cents, month.currency) : '–',
  ])
  const columns = [{ name: isTag ? by.slice(9) : 'Key or member', class: 'name' }, { name: 'Jobs', class: 'n' }, { name: 'Minutes', class: 'n' }, { name: 'Overage', class: 'n' }]
  return [
    h('div', { class: 'bar' }, h('h2', 'Who used it'), h('span', { class: 'push' }, select)), form,
    usage.next_cursor && h('p', { class: 'soft' }, `The first ${format.count(rows.length)} groups. GET /usage has all of them.`),
    rows.length ? table('Usage of the month by group', columns, rows) : h('p', { class: 'soft' }, 'Nothing was used in this month.'),
  ]
}

/** The names of keys and the addresses of members, as far as this member may read them. */
async function keyNames(session, signal) {
  const names = new Map()
  const read = async (path, member, id, name) => {
    for (const each of await all(path, member, signal)) names.set(each[id], each[name])
  }
  await Promise.all([
    session.scopes.includes('keys:write') && read('/keys', 'keys', 'key_id', 'name'),
    session.role === 'owner' && read('/members', 'members', 'id', 'email'),
  ])
  return names
}

// MARK: statements

function statementTable(page, signal) {
  const columns = [{ name: 'Month' }, { name: 'Number', class: 'hide' }, { name: 'Used', class: 'n' }, { name: 'Total', class: 'n' }, { name: h('span', { class: 'offscreen' }, 'Page to print'), class: 'n' }]
  const cells = statement => [
    h('span', format.monthName(statement.period), statement.provisional && h('small', ' so far')), h('code', statement.number), format.minutes(statement.used_seconds),
    format.money(statement.total_cents, statement.currency),
    h('a', { href: address(`/statements/${statement.period}`, { format: 'html' }).href, target: '_blank', 'aria-label': `Print the statement of ${format.monthName(statement.period)}` }, 'Print'),
  ]
  const list = h('div')
  const shown = []
  const draw = answer => {
    shown.push(...answer.statements.map(cells))
    const more = answer.next_cursor && h('button', { type: 'button', on: { click: () => get('/statements', { limit: 12, cursor: answer.next_cursor }, { signal }).then(draw, failed) } }, 'Earlier months')
    replace(list, table('Statements', columns, shown), more && h('div', { class: 'pages' }, more))
  }
  draw(page)
  return list
}
