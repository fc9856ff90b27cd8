// The minutes of each day as columns, divided by who used them.

import { bdi, h, svg } from './dom.js'
import * as format from './format.js'
import { table } from './ui.js'

const [WIDTH, HEIGHT, FLOOR, LEFT] = [930, 216, 180, 46]
/** More would not be told apart. */
const MOST_PARTS = 7

/**
 * `days`: all days of the month; `month`: its usage in groups by day; `groups`: who used it, with `days`; `nameOf`: the name of a
 * group's value.
 */
export function chart(days, month, groups, nameOf) {
  const totals = month.groups
  const used = new Map(totals.map(total => [total.value, total]))
  const parts = partsOf(groups, totals, nameOf)
  // So much on each day would use up the month's minutes at its end.
  const share = month.included_minutes / days.length
  const most = Math.max(60, ...totals.map(total => total.used_seconds))
  const step = niceStep(most / 60 / 4)
  const top = Math.ceil(most / 60 / step) * step
  const hasShare = totals.length > 0 && share <= top
  const hasOverage = totals.some(total => total.overage_seconds > 0)
  const rows = totals.map(total => [
    format.day(total.value), format.minutes(total.used_seconds), format.minutes(total.overage_seconds), format.count(total.jobs),
    parts.length > 1 && h('ul', { class: 'plainlist' }, parts.filter(part => part.on(total.value) > 0).map(part => h('li', bdi(part.name), ` ${format.minutes(part.on(total.value))}`))),
  ])
  const columns = [{ name: 'Day' }, { name: 'Minutes', class: 'n' }, { name: 'Overage', class: 'n' }, { name: 'Jobs', class: 'n' }, { name: 'Used by' }]
  return [
    drawing(days, used, parts, { step, top, hasOverage, share: hasShare ? share : null }),
    h('ul', { class: 'legend' }, parts.map(part => h('li', { style: { '--c': part.color } }, bdi(part.name), h('small', ` ${format.minutes(part.seconds)}`))),
      hasOverage && h('li', { class: 'striped' }, 'overage'), hasShare && h('li', { class: 'dashed' }, `${format.decimal(share)} min a day use up the month`)),
    rows.length ? h('details', h('summary', 'As numbers'), table('Minutes by day', parts.length > 1 ? columns : columns.slice(0, 4), parts.length > 1 ? rows : rows.map(row => row.slice(0, 4))))
      : h('p', { class: 'soft' }, 'Nothing was used in this month.'),
  ]
}

/** The largest groups, and all others together. */
function partsOf(groups, totals, nameOf) {
  const sorted = groups.toSorted((one, other) => other.used_seconds - one.used_seconds)
  const shown = sorted.slice(0, sorted.length > MOST_PARTS ? MOST_PARTS - 1 : MOST_PARTS).map((group, index) => {
    const seconds = new Map(group.days.map(day => [day.day, day.used_seconds]))
    return { name: nameOf(group.value), seconds: group.used_seconds, color: `var(--s${index})`, on: day => seconds.get(day) ?? 0 }
  })
  const all = new Map(totals.map(total => [total.value, total.used_seconds]))
  // Also those that are not on this page of groups.
  const rest = [...all.values()].reduce((sum, seconds) => sum + seconds, 0) - shown.reduce((sum, part) => sum + part.seconds, 0)
  if (rest <= 0) return shown
  const others = day => Math.max(0, (all.get(day) ?? 0) - shown.reduce((sum, part) => sum + part.on(day), 0))
  return [...shown, { name: 'all others', seconds: rest, color: 'var(--soft)', on: others }]
}

function drawing(days, used, parts, { step, top, hasOverage, share }) {
  const y = seconds => FLOOR - seconds / 60 / top * (FLOOR - 16)
  const slot = (WIDTH - LEFT) / days.length
  const lines = []
  for (let value = 0; value <= top; value += step) {
    lines.push(svg('line', { x1: LEFT, x2: WIDTH, y1: y(value * 60), y2: y(value * 60), stroke: 'var(--line)' }),
      svg('text', { x: LEFT - 8, y: y(value * 60) + 4, 'text-anchor': 'end' }, format.count(value)))
  }
  if (share != null) lines.push(svg('line', { x1: LEFT, x2: WIDTH, y1: y(share * 60), y2: y(share * 60), stroke: 'var(--soft)', 'stroke-dasharray': '4 4' }))
  const columns = days.map((day, index) => {
    const x = LEFT + index * slot + slot * 0.14
    const bar = (from, to, fill) => svg('rect', { x, width: slot * 0.72, y: y(to), height: Math.max(1, y(from) - y(to)), rx: 2, fill })
    const total = used.get(day)
    const label = (index === 0 || (index + 1) % 5 === 0) && svg('text', { x: x + slot * 0.36, y: FLOOR + 20, 'text-anchor': 'middle' }, format.count(index + 1))
    if (!total) return label
    let below = 0
    const bars = parts.filter(part => part.on(day) > 0).map(part => {
      below += part.on(day)
      return bar(below - part.on(day), below, part.color)
    })
    if (total.overage_seconds > 0) bars.push(bar(total.used_seconds - total.overage_seconds, total.used_seconds, 'url(#overage)'))
    return [svg('g', {}, bars, svg('title', {}, `${format.day(day)}: ${format.minutes(total.used_seconds)}, ${format.count(total.jobs)} ${total.jobs === 1 ? 'job' : 'jobs'}`)), label]
  })
  const stripes = hasOverage && svg('pattern', { id: 'overage', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    svg('rect', { width: 3, height: 6, fill: 'var(--warn)' }))
  return svg('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': 'Minutes by day. The list below has the numbers.' }, stripes, lines, columns)
}

function niceStep(wanted) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)))
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= wanted)
}
