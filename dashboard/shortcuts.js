// Keyboard shortcuts. `?` lists those of the page.

import { h } from './dom.js'
import { recall, remember } from './storage.js'
import { dialog } from './ui.js'

const active = new Set()
const signs = { ArrowDown: '↓', ArrowUp: '↑', ArrowRight: '→', ArrowLeft: '←' }
/** The first key of a sequence such as `g j`, for a second. */
let first = null
let forget = 0

/**
 * Adds shortcuts until `signal` is aborted. Each has `keys` (`/`, `g j`, `Space`, `Shift+Enter`), `what` it does, and `run`, which is
 * absent if the part of the page that has the focus does it.
 */
export function shortcuts(group, list, signal) {
  for (const entry of list) {
    const shortcut = { ...entry, group }
    active.add(shortcut)
    signal?.addEventListener('abort', () => active.delete(shortcut))
  }
}

/** Single keys can be in the way of voice control and screen readers, so they can be turned off. */
export const areOn = () => recall('shortcuts') !== false
export const turn = on => remember('shortcuts', on ? null : false)

export function list() {
  const groups = Map.groupBy([...active].reverse(), shortcut => shortcut.group)
  dialog({
    title: 'Keyboard shortcuts',
    body: h('div', { class: 'keys' }, [...groups].map(([name, entries]) =>
      h('section', h('h3', name), h('dl', entries.reverse().map(({ keys, what }) =>
        h('div', h('dt', keys.split(' ').map(key => h('kbd', { title: key }, signs[key] ?? key))), h('dd', what))))))),
  })
}

function pressed(event) {
  let key = event.key === ' ' ? 'Space' : event.key
  if (event.shiftKey && key.length > 1) key = `Shift+${key}`
  return key
}

function isTyping(target) {
  return target.closest?.('input:not([type=checkbox],[type=radio],[type=range]), textarea, select, [contenteditable]')
}

/** Space and Enter press buttons and follow links, arrows move sliders: those keys are theirs. */
function isTaken(target, key) {
  if (/^(Space|Enter)$/.test(key)) return target.closest?.('button, a[href], summary, [role=slider], input')
  return /Arrow|Home|End|Page/.test(key) && target.closest?.('input, [role=slider], [popover]')
}

document.addEventListener('keydown', event => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  if (isTyping(event.target) || document.querySelector('dialog[open]') || !areOn()) return
  const key = pressed(event)
  if (isTaken(event.target, key)) return
  const wanted = first ? `${first} ${key}` : key
  first = null
  clearTimeout(forget)
  // The page's own shortcuts come before those of every page.
  const found = [...active].reverse().find(shortcut => shortcut.run && shortcut.keys === wanted)
  if (found) {
    event.preventDefault()
    found.run(event)
  } else if ([...active].some(shortcut => shortcut.keys.startsWith(`${key} `))) {
    first = key
    forget = setTimeout(() => { first = null }, 1000)
  }
})
