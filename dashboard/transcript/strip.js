// Who speaks when, as a strip to click.

import { h } from '../dom.js'

const GAP = 2

export class Strip {
  /** `go(seconds)` is called for the moment that was clicked. */
  constructor(model, duration, go, signal) {
    Object.assign(this, { model, duration: Math.max(1, duration) })
    this.element = h('canvas', { class: 'strip', role: 'img', 'aria-label': 'Who speaks when', title: 'Who speaks when. Click to go there.' })
    const move = event => {
      const box = this.element.getBoundingClientRect()
      go(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * this.duration)
    }
    this.element.addEventListener('pointerdown', event => { this.element.setPointerCapture(event.pointerId); move(event) })
    this.element.addEventListener('pointermove', event => { if (event.buttons) move(event) })
    const observer = new ResizeObserver(() => this.draw())
    observer.observe(this.element)
    const theme = new MutationObserver(() => this.draw())
    theme.observe(document.documentElement, { attributes: true })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw(), { signal })
    signal.addEventListener('abort', () => { observer.disconnect(); theme.disconnect() })
  }

  /** The place that is read or played, in seconds. */
  at(seconds) {
    if (Math.abs(seconds - this.place) * this.pixelsPerSecond < 1) return
    this.place = seconds
    this.draw()
  }

  draw() {
    const { element, model } = this
    const scale = devicePixelRatio
    const [width, height] = [element.clientWidth * scale, element.clientHeight * scale]
    if (!width) return
    this.pixelsPerSecond = width / this.duration
    if (element.width !== width) element.width = width
    if (element.height !== height) element.height = height
    const context = element.getContext('2d')
    context.clearRect(0, 0, width, height)
    const colors = Array.from({ length: 8 }, (_, number) => this.color(`var(--s${number})`))
    const plain = this.color('var(--accent)')
    let [from, to, speaker] = [0, -1, undefined]
    const paint = () => {
      if (to < from) return
      context.globalAlpha = model.only && speaker !== model.only ? 0.25 : 1
      context.fillStyle = speaker == null ? plain : colors[model.colorOf(speaker)]
      context.fillRect(from, 0, Math.max(1, to - from), height)
    }
    // What one can't see is not painted: neighbors of one speaker become one.
    for (const segment of model.segments) {
      const [left, right] = [segment.start * this.pixelsPerSecond, segment.end * this.pixelsPerSecond]
      if (segment.speaker === speaker && left - to < GAP) { to = Math.max(to, right); continue }
      paint()
      ;[from, to, speaker] = [left, right, segment.speaker]
    }
    paint()
    if (this.place == null) return
    context.globalAlpha = 1
    context.fillStyle = this.color('var(--paper)')
    context.fillRect(this.place * this.pixelsPerSecond - 2 * scale, 0, 4 * scale, height)
    context.fillStyle = this.color('var(--ink)')
    context.fillRect(this.place * this.pixelsPerSecond - scale, 0, 2 * scale, height)
  }

  /** A token's color as it is now. */
  color(value) {
    this.element.style.setProperty('color', value)
    return getComputedStyle(this.element).color
  }
}
