// The text of a transcript, as a list of paragraphs of which only those are in the document that can be seen. So a recording of ten hours
// scrolls like one of a minute.

import { bdi, h, icon } from '../dom.js'
import * as format from '../format.js'
import { LOW } from './model.js'

/** How far beyond the window paragraphs are made, in pixels. */
const MARGIN = 900
const PENCIL = 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4'

export class Turns {
  /**
   * `on` has `word(word, { play })` for a word that was chosen, or is to be played, `speaker(speaker, button)` for a speaker's name, and `edit(element, word)`; edit
   * is absent if the reader may not correct.
   */
  constructor(model, on, signal) {
    Object.assign(this, { model, on })
    this.element = h('div', { class: 'turns', role: 'feed', 'aria-label': 'Transcript' })
    /** The paragraphs in the document, by their place. */
    this.shown = new Map()
    this.focused = 0
    this.found = []
    this.foundNow = -1
    /** The paragraph that is being corrected, `{ element, segment }`: it stays as it is, whatever happens around it. */
    this.editing = null
    this.measure()
    this.element.addEventListener('click', event => this.click(event), { signal })
    this.element.addEventListener('dblclick', event => { if (event.target.closest('.w')) this.edit(this.rowOf(event.target)) }, { signal })
    this.element.addEventListener('keydown', event => this.key(event), { signal })
    this.element.addEventListener('focusin', event => this.focus(event), { signal })
    document.addEventListener('copy', event => this.copy(event), { signal })
    addEventListener('scroll', () => this.later(), { signal, passive: true })
    addEventListener('beforeprint', () => this.print(true), { signal })
    addEventListener('afterprint', () => this.print(false), { signal })
    const observer = new ResizeObserver(() => { if (this.element.clientWidth !== this.width) this.reset() })
    observer.observe(this.element)
    signal.addEventListener('abort', () => { observer.disconnect(); CSS.highlights?.clear() })
  }

  // MARK: layout

  /** Guesses how high each paragraph is. Those that are shown are measured. */
  measure() {
    const { rows } = this.model
    this.width = this.element.clientWidth
    const column = Math.min(600, Math.max(200, (this.width || 700) - (this.width > 560 ? 92 : 0)))
    const letters = column / 8.6
    this.heights = Float64Array.from(rows, row => row.height ?? Math.ceil(row.length / letters) * 29.2 + (row.isSame ? 22 : 47))
    this.tops = new Float64Array(rows.length + 1)
    this.layOut()
  }

  layOut(from = 0) {
    for (let index = from; index < this.heights.length; index += 1) this.tops[index + 1] = this.tops[index] + this.heights[index]
    this.element.style.setProperty('height', `${this.tops.at(-1)}px`)
  }

  /** After a change of the text, the width or what is shown. What is at the top stays there. */
  reset({ keep = true } = {}) {
    if (this.isPrinting) return this.print(true)
    const anchor = keep && this.model.rows.length ? this.topTime() : null
    const hadFocus = !this.editing && this.element.contains(document.activeElement)
    if (this.element.clientWidth !== this.width) for (const row of this.model.rows) delete row.height
    this.clear()
    this.measure()
    if (anchor != null) this.scrollTo(this.model.rowAt(anchor), { block: 'start' })
    this.draw()
    if (hadFocus) this.shown.get(this.focused)?.focus({ preventScroll: true })
  }

  /** Takes all paragraphs out of the document but the one that is being corrected, which may have another place now. */
  clear() {
    const edited = this.editing?.element
    for (const element of this.shown.values()) if (element !== edited) element.remove()
    this.shown.clear()
    const index = edited ? this.model.rows.findIndex(row => row.segments.includes(this.editing.segment)) : -1
    if (index < 0) return
    edited.dataset.row = index
    this.shown.set(index, edited)
    this.model.rows[index].height = edited.offsetHeight
  }

  rowAtHeight(height) {
    let [low, high] = [0, this.tops.length - 2]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.tops[middle] <= height) low = middle
      else high = middle - 1
    }
    return Math.max(0, low)
  }

  get top() { return -this.element.getBoundingClientRect().top }

  /** The time of the first paragraph that can be seen. */
  topTime() { return this.model.rows[this.rowAtHeight(this.top + 90)]?.start ?? 0 }

  later() {
    this.pending ??= requestAnimationFrame(() => { this.pending = null; this.draw() })
  }

  draw() {
    const { rows } = this.model
    if (this.isPrinting || !this.element.isConnected) return
    for (let round = 0; round < 4 && this.fill(rows); round += 1);
    this.highlight()
  }

  /** Makes what can be seen. Returns whether something is not as high as it was thought to be. */
  fill(rows) {
    const top = this.top
    const [first, last] = [this.rowAtHeight(top - MARGIN), this.rowAtHeight(top + innerHeight + MARGIN)]
    // A selection needs its ends in the document, and no more.
    const ends = this.selected() ?? []
    for (const [index, element] of this.shown) {
      if ((index >= first && index <= last) || element === this.editing?.element || element.contains(document.activeElement) || ends.includes(index)) continue
      element.remove()
      this.shown.delete(index)
    }
    const fresh = []
    for (let index = first; index <= last && index < rows.length; index += 1) {
      if (this.shown.has(index)) continue
      const element = this.make(rows[index], index)
      this.shown.set(index, element)
      fresh.push(index)
      // In the order of reading, also for those who don't see it.
      const next = [...this.shown.keys()].filter(other => other > index).sort((a, b) => a - b)[0]
      this.element.insertBefore(element, next === undefined ? null : this.shown.get(next))
    }
    let [changed, above] = [-1, 0]
    for (const index of fresh) {
      const height = this.shown.get(index).offsetHeight
      rows[index].height = height
      if (Math.abs(height - this.heights[index]) < 0.5) continue
      if (this.tops[index + 1] <= top) above += height - this.heights[index]
      this.heights[index] = height
      changed = changed < 0 ? index : Math.min(changed, index)
    }
    if (changed >= 0) this.layOut(changed)
    for (const [index, element] of this.shown) element.style.setProperty('transform', `translateY(${this.tops[index]}px)`)
    if (above) scrollBy({ top: above, behavior: 'instant' })
    // The Tab key must always find its way into the text.
    this.focused = Math.min(this.focused, Math.max(0, rows.length - 1))
    if (!this.element.querySelector('.turn[tabindex="0"]')) {
      const next = this.shown.has(this.focused) ? this.focused : this.rowAtHeight(this.top + 90)
      this.shown.get(next)?.setAttribute('tabindex', 0)
      this.focused = next
    }
    return changed >= 0
  }

  /** Makes a paragraph anew. */
  redo(index) {
    this.shown.get(index)?.remove()
    this.shown.delete(index)
    this.draw()
  }

  /** Measures a paragraph again whose content has changed. */
  resized(index) {
    const element = this.shown.get(index)
    if (!element) return
    this.heights[index] = this.model.rows[index].height = element.offsetHeight
    this.layOut(index)
    this.draw()
  }

  scrollTo(index, { block = 'center' } = {}) {
    const start = scrollY - this.top
    for (let round = 0; round < 3; round += 1) {
      const offset = block === 'start' ? 80 : Math.max(90, (innerHeight - this.heights[index]) / 2.5)
      scrollTo({ top: start + this.tops[index] - offset, behavior: 'instant' })
      this.draw()
    }
  }

  // MARK: paragraphs

  make(row, index, isPlain = this.isPrinting) {
    const text = h('p', { dir: 'auto' })
    if (isPlain) text.append(this.model.textOf(row))
    else {
      for (const { text: part, word } of this.model.partsOf(row)) {
        text.append(word ? this.makeWord(part, word) : part)
      }
    }
    const name = this.model.nameOf(row.speaker)
    const moment = h('a', { class: 'moment', href: `${location.pathname}${location.search}#t=${row.start}`, tabindex: -1 }, format.clock(row.start))
    return h('div', {
      class: ['turn', row.isSame && 'same'], role: 'article', tabindex: index === this.focused ? 0 : -1, 'aria-posinset': index + 1,
      'aria-setsize': this.model.rows.length, 'aria-label': [name, format.clock(row.start)].filter(Boolean).join(', '),
      dataset: { row: index }, style: { '--c': row.speaker ? `var(--s${this.model.colorOf(row.speaker)})` : 'var(--accent)' },
    },
      h('time', moment),
      row.speaker && !row.isSame && h('button', { class: 'speaker', type: 'button', tabindex: -1, 'aria-haspopup': 'dialog' }, bdi(name)),
      text,
      this.on.edit && h('button', { class: 'tools plain quiet', type: 'button', tabindex: -1, 'aria-label': `Correct the text at ${format.clock(row.start)}`, title: 'Correct (E)' }, icon(PENCIL)))
  }

  makeWord(text, word) {
    const isLow = word.confidence != null && word.confidence < LOW
    const element = h('span', { class: ['w', isLow && 'low', word === this.now && 'now', word === this.at && 'at'], title: isLow ? `Heard with a confidence of ${format.percent(word.confidence)}` : null }, text)
    element.word = word
    return element
  }

  /** Marks the word that is playing (`now`), or the one that was chosen (`at`). */
  mark(kind, word) {
    this[kind] = word
    this.element.querySelector(`.w.${kind}`)?.classList.remove(kind)
    if (!word) return
    for (const element of this.element.querySelectorAll('.w')) if (element.word === word) { element.classList.add(kind); return element }
  }

  /** Shows the moment: its paragraph in the middle, its word marked. */
  go(seconds, { kind = 'at', focus = false } = {}) {
    const index = this.model.rowAt(seconds)
    if (!this.model.rows[index]) return
    this.scrollTo(index)
    this.mark(kind, this.model.wordAt(this.model.rows[index], seconds))
    if (focus) this.focusRow(index)
  }

  /** Words are other objects after a correction: marks the one that plays anew. */
  forget() { this.now = null }

  /** Follows the playing. `isFollowing`: brings the paragraph into sight. */
  play(seconds, isFollowing) {
    const index = this.model.rowAt(seconds)
    const row = this.model.rows[index]
    if (!row) return
    const word = this.model.wordAt(row, seconds)
    if (word === this.now) return
    this.mark('now', word)
    const box = this.shown.get(index)?.getBoundingClientRect()
    if (isFollowing && (!box || box.bottom > innerHeight - 90 || box.top < 70)) { this.scrollTo(index); this.mark('now', word) }
  }

  // MARK: reading with keys and pointer

  click(event) {
    const row = this.rowOf(event.target)
    if (row == null) return
    if (event.target.closest('.speaker')) return this.on.speaker(this.model.rows[row].speaker, event.target.closest('.speaker'))
    if (event.target.closest('.tools')) return this.edit(row)
    const link = event.target.closest('.moment')
    if (link) event.preventDefault()
    const word = link ? this.model.wordAt(this.model.rows[row], this.model.rows[row].start) : event.target.closest('.w')?.word
    if (!word || (!link && !getSelection().isCollapsed)) return
    this.mark('at', word)
    this.focusOn(row)
    this.on.word(word)
  }

  focus(event) {
    const row = this.rowOf(event.target)
    if (row != null && row !== this.focused) this.focusOn(row)
  }

  /** The paragraph that the Tab key goes to. */
  focusOn(row) {
    for (const element of this.element.querySelectorAll('.turn[tabindex="0"]')) element.setAttribute('tabindex', -1)
    this.focused = row
    this.shown.get(row)?.setAttribute('tabindex', 0)
  }

  focusRow(index) {
    const row = Math.max(0, Math.min(this.model.rows.length - 1, index))
    const box = this.shown.get(row)?.getBoundingClientRect()
    if (!box || box.top < 70 || box.bottom > innerHeight - 90) this.scrollTo(row)
    this.shown.get(row)?.focus({ preventScroll: true })
  }

  key(event) {
    const element = event.target
    if (!element.matches?.('.turn') || event.ctrlKey || event.metaKey || event.altKey) return
    const row = Number(element.dataset.row)
    const run = {
      ArrowDown: () => this.focusRow(row + 1), ArrowUp: () => this.focusRow(row - 1),
      ArrowRight: () => this.step(element, 1), ArrowLeft: () => this.step(element, -1),
      Enter: () => this.choose(element), e: () => this.edit(row),
      s: () => { const button = element.querySelector('.speaker'); this.on.speaker(this.model.rows[row].speaker, button ?? element) },
    }[event.key]
    if (!run || (event.key === 'e' && !this.on.edit)) return
    event.preventDefault()
    event.stopPropagation()
    run()
  }

  step(element, by) {
    const words = [...element.querySelectorAll('.w')]
    const next = words[words.findIndex(each => each.word === this.at) + by] ?? words[by > 0 ? words.length - 1 : 0]
    if (next) this.mark('at', next.word)
  }

  choose(element) {
    const words = [...element.querySelectorAll('.w')]
    const chosen = words.find(each => each.word === this.at) ?? words[0]
    if (!chosen) return
    this.mark('at', chosen.word)
    this.on.word(chosen.word, { play: true })
  }

  edit(row) {
    const element = this.shown.get(row)
    if (element && !this.editing) this.on.edit?.(element, this.at)
  }

  rowOf(target) {
    const element = target.closest?.('.turn')
    return element ? Number(element.dataset.row) : null
  }

  // MARK: find

  find(query) {
    this.found = this.model.find(query)
    this.foundNow = -1
    this.highlight()
    return this.found.length
  }

  /** Goes to the next place that was found, from what can be seen on. Returns its number, from 1. */
  findNext(by) {
    if (!this.found.length) return 0
    if (this.foundNow < 0) {
      const row = this.rowAtHeight(this.top + 90)
      const next = this.found.findIndex(place => place.row >= row)
      this.foundNow = by > 0 ? Math.max(0, next) : (next < 0 ? this.found.length : next || this.found.length) - 1
    } else this.foundNow = (this.foundNow + by + this.found.length) % this.found.length
    const { row } = this.found[this.foundNow]
    const box = this.shown.get(row)?.getBoundingClientRect()
    if (!box || box.top < 90 || box.bottom > innerHeight - 90) this.scrollTo(row)
    this.highlight()
    return this.foundNow + 1
  }

  highlight() {
    if (!CSS.highlights) return
    CSS.highlights.clear()
    if (!this.found.length) return
    const [all, now] = [new Highlight(), new Highlight()]
    let index = this.firstFound(Math.min(...this.shown.keys()))
    const last = Math.max(...this.shown.keys())
    for (; index < this.found.length && this.found[index].row <= last; index += 1) {
      const place = this.found[index]
      const range = this.rangeOf(this.shown.get(place.row), place)
      if (range) (index === this.foundNow ? now : all).add(range)
    }
    CSS.highlights.set('found', all)
    CSS.highlights.set('found-now', now)
  }

  firstFound(row) {
    const index = this.found.findIndex(place => place.row >= row)
    return index < 0 ? this.found.length : index
  }

  rangeOf(element, { from, to }) {
    const text = element?.querySelector('p')
    if (!text) return null
    const range = new Range()
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
    let at = 0
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const end = at + node.length
      if (from >= at && from < end) range.setStart(node, from - at)
      if (to > at && to <= end) { range.setEnd(node, to - at); return range }
      at = end
    }
    return null
  }

  // MARK: copying and printing

  /** The first and last paragraph of the selection; null if none of the text is selected. It may begin above the text and end below it. */
  selected() {
    const selection = getSelection()
    if (!selection?.rangeCount || selection.isCollapsed) return null
    const range = selection.getRangeAt(0)
    if (!range.intersectsNode(this.element)) return null
    const first = this.rowOfEnd(range.startContainer, range.startOffset) ?? 0
    const last = this.rowOfEnd(range.endContainer, range.endOffset) ?? this.model.rows.length - 1
    return [Math.min(first, last), Math.max(first, last)]
  }

  /** The paragraph in which an end of a selection lies; null if it is above or below the text. */
  rowOfEnd(node, offset) {
    const inside = node === this.element ? node.children[Math.min(offset, node.children.length - 1)] : node
    if (!inside) return null
    const element = inside.nodeType === 1 ? inside : inside.parentElement
    return this.element.contains(element) ? this.rowOf(element) : null
  }

  /** A selection is copied with speakers and times, also what of it is not in the document. */
  copy(event) {
    const ends = this.selected()
    if (!ends || event.target.closest?.('input, textarea')) return
    const range = getSelection().getRangeAt(0)
    const lines = []
    for (let index = ends[0]; index <= ends[1]; index += 1) {
      const text = this.partOf(range, this.shown.get(index)?.querySelector('p')) ?? this.model.textOf(this.model.rows[index])
      if (text.trim()) lines.push(this.lineOf(this.model.rows[index], text.trim()))
    }
    if (!lines.length) return
    event.clipboardData.setData('text/plain', lines.join('\n'))
    event.preventDefault()
  }

  /** What of a paragraph is selected. Null if it isn't in the document: then it lies between the ends, and all of it is. */
  partOf(range, text) {
    if (!text) return null
    if (!range.intersectsNode(text)) return ''
    const part = document.createRange()
    part.selectNodeContents(text)
    if (text.contains(range.startContainer)) part.setStart(range.startContainer, range.startOffset)
    if (text.contains(range.endContainer)) part.setEnd(range.endContainer, range.endOffset)
    return part.toString()
  }

  /** `[00:00:11] Reporter: And what do you do?` */
  lineOf(row, text = this.model.textOf(row)) {
    const name = this.model.nameOf(row.speaker)
    return `[${format.clock(row.start)}] ${name ? `${name}: ` : ''}${text}`
  }

  /** On paper there is no scrolling: all of the text must be there. */
  print(isOn) {
    this.clear()
    this.isPrinting = isOn
    if (!isOn) return this.reset()
    const edited = this.editing?.element
    this.element.append(...this.model.rows.map((row, index) => {
      const element = this.shown.get(index) === edited && edited ? edited : this.make(row, index, true)
      this.shown.set(index, element)
      return element
    }))
  }
}
