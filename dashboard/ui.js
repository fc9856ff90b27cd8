// The parts that pages are made of.

import { h, icon, replace } from './dom.js'

export const paths = {
  more: 'M4.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M18.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0', close: 'M6 6l12 12M18 6L6 18', copy: 'M9 9h11v11H9zM5 15V4h11', check: 'M5 13l5 5L20 7',
}

// MARK: toasts

const toasts = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' })
document.body.append(toasts)

/**
 * Says `message` for some seconds, and as long as the pointer or the focus is on it. `closed` is called at its end, unless the reader
 * chose the action. Returns a function that ends it.
 */
export function toast(message, { action, run, closed = () => {}, seconds = 6, bad = false } = {}) {
  const element = h('div', { class: ['toast', bad && 'bad'] }, h('span', message),
    action && h('button', { class: 'plain act', type: 'button', on: { click: () => { away(); run() } } }, action),
    h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Close', on: { click: () => close() } }, icon(paths.close)))
  let timer
  const away = () => { clearTimeout(timer); element.remove() }
  const close = () => { if (element.isConnected) { away(); closed() } }
  const wait = () => { timer = setTimeout(close, seconds * 1000) }
  for (const type of ['pointerenter', 'focusin']) element.addEventListener(type, () => clearTimeout(timer))
  for (const type of ['pointerleave', 'focusout']) element.addEventListener(type, () => { clearTimeout(timer); wait() })
  toasts.append(element)
  // A modal dialog covers everything but what is in it.
  document.querySelector('dialog[open]')?.append(toasts)
  wait()
  return close
}

/** Takes back what was done last, if that is still offered. */
export const undoLast = () => [...toasts.querySelectorAll('.act')].at(-1)?.click()

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

/**
 * Does `commit` at the end of some seconds, unless the reader takes it back: then `undo` restores what the page showed. `missed` does so if
 * `commit` fails.
 */
export function undoable(message, { commit, undo, missed }) {
  let isOver = false
  const end = () => { isOver = true; pending.delete(finish); removeEventListener('pagehide', leave) }
  const finish = async keepalive => {
    if (isOver) return
    end()
    close()
    try { await commit({ keepalive }) } catch (error) { missed(); failed(error) }
  }
  const leave = () => finish(true)
  const close = toast(message, { action: 'Undo', run: () => { end(); undo() }, closed: () => finish(false) })
  addEventListener('pagehide', leave)
  pending.add(finish)
}

// MARK: dialogs

/** Closes what lies above the page. */
export function closeAll() {
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close()
  for (const popover of document.querySelectorAll('[popover]:popover-open')) popover.hidePopover()
}

/**
 * Shows a dialog until it is closed, and returns what it was closed with.
 * `actions` is a list of `{ text, value, kind, run }`; `run` may throw, which keeps it open and says why. `isFirm`: Escape doesn't close it,
 * because what it shows is shown once.
 */
export function dialog({ title, body, actions = [], wide = false, isFirm = false }) {
  return new Promise(resolve => {
    let result
    const element = h('dialog', { class: wide && 'wide', 'aria-labelledby': 'dialog-title' })
    let isBusy = false
    // What a call answers may be shown only once, so nobody may go before it is there.
    const close = value => { if (!isBusy) { result = value; element.close() } }
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
          if (isBusy || !isComplete(form)) return
          await busy(event.submitter ?? buttons[0], async () => {
            isBusy = true
            try {
              const value = await main.run(form)
              isBusy = false
              close(value)
            } catch (error) {
              isBusy = false
              if (!showField(form, error)) fail(error)
            }
          })
        },
      },
    },
      h('header', h('h2', { id: 'dialog-title' }, title),
        h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Close', on: { click: () => close() } }, icon(paths.close))),
      body, problem,
      actions.length > 0 && h('footer', buttons))
    element.append(form)
    element.addEventListener('cancel', event => { if (isBusy || isFirm) event.preventDefault() })
    // A browser lets a page prevent that only once.
    element.addEventListener('keydown', event => { if (event.key === 'Escape' && (isBusy || isFirm)) event.preventDefault() })
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
export function confirm({ title, text, action, stay = 'Cancel', run = async () => {} }) {
  return dialog({
    title, body: h('p', text),
    actions: [{ text: stay, value: false }, { text: action, kind: 'danger', run: async () => { await run(); return true } }],
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

/** A button that opens a list of what can be done: `{ text, run, danger }`. */
export function menu(label, items) {
  const button = h('button', { class: 'plain quiet', type: 'button', 'aria-label': label, 'aria-haspopup': 'dialog', 'aria-expanded': 'false' }, icon(paths.more))
  button.addEventListener('click', () => {
    const close = popover(button, items().map(({ text, run, danger }) =>
      h('button', { class: ['item', danger && 'bad'], type: 'button', on: { click: () => { close(); run() } } }, text)), { label })
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
  if (place) showProblem(place, error.message)
  return Boolean(place)
}

function showProblem(place, message) {
  const [text, control] = [place.querySelector('.problem'), place.querySelector('input, select, textarea')]
  text.hidden = false
  text.textContent = message
  control.setAttribute('aria-invalid', 'true')
  place.closest('details')?.setAttribute('open', '')
  control.focus()
}

/** Whether the form has what it needs. Says at the first field what is missing; what is wrong with the rest, the API knows. */
export function isComplete(form) {
  for (const place of form.querySelectorAll('.field')) {
    const [control, label] = [place.querySelector('input, textarea'), place.querySelector('label')]
    const isEmpty = control?.required && !control.value.trim()
    if (!isEmpty && !(control?.minLength > 0 && control.value.length < control.minLength)) continue
    const name = /^[A-Z][a-z]/.test(label.textContent) ? label.textContent[0].toLowerCase() + label.textContent.slice(1) : label.textContent
    showProblem(place, isEmpty ? `Enter the ${name}.` : `At least ${control.minLength} characters.`)
    return false
  }
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
    if (!await copy(text)) return
    replace(button, icon(paths.check), h('span', 'Copied'))
    setTimeout(() => replace(button, icon(paths.copy), h('span', label)), 1500)
  })
  return button
}

/** Copies a text, and says `done`. Returns whether the browser let us. */
export async function copy(text, done) {
  let isCopied = true
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Without TLS there is no clipboard, but there is the old command.
    const area = h('textarea', { class: 'offscreen', value: text, 'aria-hidden': 'true' })
    const [top, focus] = [document.querySelector('dialog[open]') ?? document.body, document.activeElement]
    top.append(area)
    area.select()
    isCopied = document.execCommand('copy')
    area.remove()
    focus?.focus()
  }
  if (!isCopied) toast('The browser doesn’t let this page copy. Select the text, and copy it yourself.', { bad: true })
  else if (done) toast(done)
  return isCopied
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
