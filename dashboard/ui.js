// The parts that pages are made of.

import { h, bdi, icon, replace } from './dom.js'

export const paths = {
  more: 'M5 12h.01M12 12h.01M19 12h.01', close: 'M6 6l12 12M18 6L6 18', copy: 'M9 9h11v11H9zM5 15V4h11', check: 'M5 13l5 5L20 7',
}

// MARK: toasts

const toasts = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' })
document.body.append(toasts)

/** Says `message` for some seconds; as long as the pointer or the focus is on it. Returns a function that takes it away. */
export function toast(message, { action, run, seconds = 6, bad = false } = {}) {
  const element = h('div', { class: ['toast', bad && 'bad'] }, h('span', message),
    action && h('button', { class: 'plain', type: 'button', on: { click: () => { close(); run() } } }, action),
    h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Close', on: { click: () => close() } }, icon(paths.close)))
  let timer
  const close = () => { clearTimeout(timer); element.remove() }
  const wait = () => { timer = setTimeout(close, seconds * 1000) }
  for (const type of ['pointerenter', 'focusin']) element.addEventListener(type, () => clearTimeout(timer))
  for (const type of ['pointerleave', 'focusout']) element.addEventListener(type, () => { clearTimeout(timer); wait() })
  toasts.append(element)
  // A modal dialog covers everything but what is in it.
  document.querySelector('dialog[open]')?.append(toasts)
  wait()
  return close
}

export function failed(error) {
  if (error.name === 'AbortError') return
  toast(sentence(error), { bad: true, seconds: 12 })
}

/** What went wrong, with the id of the request, which support can look up. */
export function sentence(error) {
  const retry = error.retryAfter && error.status === 429 ? ` (in ${error.retryAfter} s)` : ''
  return error.message + retry + (error.requestId ? ` Request ${error.requestId}` : '')
}

/** What can still be taken back. */
const pending = new Set()

/** Does at once what can still be taken back: nobody will be there to do so. */
export const settle = () => Promise.all([...pending].map(finish => finish(false)))

/** Does `commit` after some seconds, unless the reader takes it back: `undo` then restores what the page showed. */
export function undoable(message, { commit, undo, seconds = 6 }) {
  let timer
  const end = () => { clearTimeout(timer); pending.delete(finish); removeEventListener('pagehide', leave) }
  const finish = keepalive => {
    end()
    close()
    return Promise.resolve(commit({ keepalive })).catch(error => { undo(); failed(error) })
  }
  const leave = () => finish(true)
  const close = toast(message, {
    action: 'Undo', seconds: seconds + 1,
    run: () => { end(); undo() },
  })
  timer = setTimeout(() => finish(false), seconds * 1000)
  addEventListener('pagehide', leave)
  pending.add(finish)
}

// MARK: dialogs

/**
 * Shows a dialog until it is closed, and returns what it was closed with. `body` is an element, or a function that gets `close`.
 * `actions` is a list of `{ text, value, kind, run }`; `run` may throw, which keeps it open and says why.
 */
export function dialog({ title, body, actions = [], wide = false }) {
  return new Promise(resolve => {
    let result
    const element = h('dialog', { class: wide && 'wide', 'aria-labelledby': 'dialog-title' })
    const close = value => { result = value; element.close() }
    const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
    const fail = error => { problem.hidden = false; problem.textContent = sentence(error) }
    const buttons = actions.map(({ text, value, kind, run }) => {
      const button = h('button', { class: kind ?? '', type: run ? 'submit' : 'button' }, text)
      if (!run) button.addEventListener('click', () => close(value))
      return button
    })
    const main = actions.find(action => action.run)
    const form = h('form', {
      method: 'dialog', novalidate: true,
      on: {
        submit: async event => {
          event.preventDefault()
          if (!main) return close()
          problem.hidden = true
          await busy(event.submitter ?? buttons[0], async () => {
            try { close(await main.run(form)) } catch (error) { if (!showField(form, error)) fail(error) }
          })
        },
      },
    },
      h('header', h('h2', { id: 'dialog-title' }, title),
        h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Close', on: { click: () => close() } }, icon(paths.close))),
      typeof body === 'function' ? body(close) : body, problem,
      actions.length > 0 && h('footer', buttons))
    element.append(form)
    element.addEventListener('close', () => {
      document.body.append(toasts)
      element.remove()
      resolve(result)
    })
    document.body.append(element)
    element.showModal()
    // The harmless button of a question, the only one of a message.
    const start = form.querySelector('input, textarea, select') ?? buttons[0]
    start?.focus()
  })
}

/** Asks before something that can't be taken back. Returns whether to go on. */
export function confirm({ title, text, action, run = async () => {} }) {
  return dialog({
    title, body: h('p', text),
    actions: [{ text: 'Cancel', value: false }, { text: action, kind: 'danger', run: async () => { await run(); return true } }],
  })
}

/** Shows `content` beside `anchor` until something else is clicked, or Escape. Returns a function that closes it. */
export function popover(anchor, content, { label, onClose } = {}) {
  const element = h('div', { class: 'popover', popover: 'auto', role: 'dialog', 'aria-label': label }, content)
  const top = anchor.closest('dialog') ?? document.body
  top.append(element)
  element.addEventListener('toggle', event => {
    if (event.newState !== 'closed') return
    anchor.setAttribute('aria-expanded', 'false')
    // Focus that was in the popover goes back; focus that went elsewhere stays.
    if (element.contains(document.activeElement) || document.activeElement === document.body) anchor.focus()
    element.remove()
    onClose?.()
  })
  element.addEventListener('keydown', event => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const items = [...element.querySelectorAll('button, a, input, select')]
    const next = items.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1)
    items[(next + items.length) % items.length]?.focus()
    event.preventDefault()
  })
  element.showPopover()
  anchor.setAttribute('aria-expanded', 'true')
  place(element, anchor)
  element.querySelector('input, button, a, select')?.focus()
  return () => element.hidePopover()
}

function place(element, anchor) {
  const [box, from, gap] = [element.getBoundingClientRect(), anchor.getBoundingClientRect(), 6]
  const left = Math.max(8, Math.min(from.left, innerWidth - box.width - 8))
  const below = from.bottom + gap
  const top = below + box.height > innerHeight - 8 && from.top - gap - box.height > 8 ? from.top - gap - box.height : below
  element.style.setProperty('left', `${left}px`)
  element.style.setProperty('top', `${Math.max(8, Math.min(top, innerHeight - box.height - 8))}px`)
}

/** A button that opens a list of what can be done: `{ text, run, danger, keys }`. */
export function menu(label, items) {
  const button = h('button', { class: 'plain quiet', type: 'button', 'aria-label': label, 'aria-haspopup': 'dialog', 'aria-expanded': 'false' }, icon(paths.more))
  button.addEventListener('click', () => {
    const close = popover(button, items().map(({ text, run, danger, keys }) =>
      h('button', { class: ['item', danger && 'bad'], type: 'button', on: { click: () => { close(); run() } } }, text, keys && h('kbd', keys))), { label })
  })
  return button
}

// MARK: forms

let fields = 0

/** A labelled control. `name` is the API's name of it, so that its errors show here. */
export function field({ label, hint, control, name }) {
  const id = `field-${fields += 1}`
  control.id = id
  if (name) control.name = name
  const error = h('p', { class: 'problem', id: `${id}-error`, hidden: true })
  const about = hint && h('p', { class: 'hint', id: `${id}-hint` }, hint)
  control.setAttribute('aria-describedby', [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(' '))
  control.addEventListener('input', () => { error.hidden = true; control.removeAttribute('aria-invalid') })
  return h('div', { class: 'field', dataset: { field: name ?? '' } }, h('label', { for: id }, label), control, about, error)
}

/** A box to tick, with its label beside it. */
export const tick = (label, props) => h('label', { class: 'tick' }, h('input', { type: 'checkbox', ...props }), h('span', label))

/** Shows an error at the field that it is about. Returns false if the form has no such field. */
export function showField(form, error) {
  const place = error.field && form.querySelector(`[data-field="${CSS.escape(error.field.split(/[.[]/)[0])}"]`)
  if (!place) return false
  const text = place.querySelector('.problem')
  const control = place.querySelector('input, select, textarea')
  text.hidden = false
  text.textContent = error.message
  control.setAttribute('aria-invalid', 'true')
  control.focus()
  return true
}

export const choice = (props, options) => h('select', props, options.map(([value, text, selected]) =>
  h('option', { value, selected: selected || value === props.value }, text)))

/** Runs `work` while the button can't be pressed again. */
export async function busy(button, work) {
  if (button.ariaBusy === 'true') return
  button.ariaBusy = 'true'
  try { return await work() } finally { button.ariaBusy = null }
}

/** A button that says what it did for a moment. */
export function copyButton(text, label = 'Copy') {
  const button = h('button', { type: 'button' }, icon(paths.copy), h('span', label))
  button.addEventListener('click', async () => {
    await copy(typeof text === 'function' ? text() : text)
    replace(button, icon(paths.check), h('span', 'Copied'))
    setTimeout(() => replace(button, icon(paths.copy), h('span', label)), 1500)
  })
  return button
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Without TLS there is no clipboard, but there is the old command.
    const area = h('textarea', { class: 'offscreen', value: text, 'aria-hidden': 'true' })
    const [top, focus] = [document.querySelector('dialog[open]') ?? document.body, document.activeElement]
    top.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
    focus?.focus()
  }
}

/** A secret or a link that is shown once. */
export const secret = (label, text) => h('div', { class: 'secret' },
  h('code', { tabindex: 0, 'aria-label': label }, text), copyButton(text))

// MARK: lists

/**
 * A table. `columns` are `{ name, class }`, `rows` are lists of cells. `caption` says what it lists to screen readers.
 */
export function table(caption, columns, rows) {
  return h('div', { class: 'scroll' }, h('table', h('caption', { class: 'offscreen' }, caption),
    h('thead', h('tr', columns.map(column => h('th', { scope: 'col', class: column.class }, column.name)))),
    h('tbody', rows.map(cells => row(columns, cells)))))
}

export const row = (columns, cells) => h('tr', columns.map((column, index) =>
  h('td', { class: column.class }, cells[index])))

/** What a page shows instead of an empty list: what it will be, and what to do. */
export const empty = (title, text, ...actions) => h('div', { class: 'empty' }, h('h2', title), h('p', text), actions)

/** A state, with a dot in its color: `good`, `bad`, `warn`, `busy` or none. */
export const state = (kind, text) => h('span', { class: ['state', kind] }, text)

/** A heading, with what can be done here beside it. */
export const head = (title, ...actions) => h('div', { class: 'bar' }, h('h1', { tabindex: -1 }, title), h('div', { class: 'push bar' }, actions))

export { bdi }
