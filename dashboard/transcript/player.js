// Plays the reader's own copy of the recording. The file stays in the browser; nothing is uploaded.

import { bdi, h, icon, replace } from '../dom.js'
import * as format from '../format.js'
import { choice, paths, toast } from '../ui.js'

const PLAY = 'M7 4l13 8-13 8z'
const PAUSE = 'M8 5v14M16 5v14'
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]

export class Player {
  /** `onTime(seconds, isFollowing)` is called while it plays, for every frame; `onPlay` when it begins, `onClose` when the file is gone. */
  constructor({ onTime, onPlay, onClose, duration }, signal) {
    Object.assign(this, { onTime, onPlay, onClose, duration })
    this.isFollowing = true
    this.media = document.createElement('audio')
    this.media.preload = 'metadata'
    this.chooser = h('input', { type: 'file', accept: 'audio/*,video/*', hidden: true, on: { change: () => this.open(this.chooser.files[0]) } })
    this.element = h('div', { class: 'player', role: 'group', 'aria-label': 'Player' })
    for (const type of ['play', 'pause', 'ended']) this.media.addEventListener(type, () => this.changed())
    this.media.addEventListener('loadedmetadata', () => this.loaded())
    for (const type of ['seeked', 'timeupdate']) this.media.addEventListener(type, () => this.tell())
    this.media.addEventListener('error', () => { if (this.url) { this.close(); toast('Your browser can’t play this file.', { bad: true }) } })
    signal.addEventListener('abort', () => this.close())
    this.drawEmpty()
  }

  get isOpen() { return Boolean(this.url) }

  choose() { this.chooser.click() }

  open(file) {
    if (!file) return
    this.close()
    this.url = URL.createObjectURL(file)
    this.media.src = this.url
    this.name = file.name
    this.draw()
    this.button.focus()
  }

  loaded() {
    const length = this.media.duration
    if (Number.isFinite(length)) {
      this.slider.max = length
      replace(this.end, format.clock(length))
      if (this.duration && Math.abs(length - this.duration) > Math.max(5, this.duration * 0.02)) {
        toast(`This file is ${format.length(length)} long, but the recording was ${format.length(this.duration)}. Is it another one?`, { seconds: 12 })
      }
    }
    if (this.pending != null) this.media.currentTime = this.pending
  }

  close() {
    const hadFocus = this.element.contains(document.activeElement)
    this.media.pause()
    if (this.url) URL.revokeObjectURL(this.url)
    this.url = null
    this.media.removeAttribute('src')
    this.chooser.value = ''
    this.drawEmpty()
    this.onClose()
    if (hadFocus) this.element.querySelector('button').focus()
  }

  toggle() {
    if (!this.isOpen) return this.choose()
    if (this.media.paused) this.media.play().catch(() => {})
    else this.media.pause()
  }

  play() { if (this.isOpen && this.media.paused) this.toggle() }

  seek(seconds) {
    this.pending = seconds
    if (this.isOpen) this.media.currentTime = Math.max(0, seconds)
  }

  skip(seconds) { if (this.isOpen) this.seek(this.media.currentTime + seconds) }

  faster(by) {
    const next = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(this.media.playbackRate) + by))]
    this.media.playbackRate = next
    if (this.speed) this.speed.value = next
  }

  changed() {
    const isPlaying = !this.media.paused
    replace(this.button, icon(isPlaying ? PAUSE : PLAY))
    this.button.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play')
    const frame = () => {
      if (this.media.paused || !this.isOpen) return
      this.onTime(this.media.currentTime, this.isFollowing)
      requestAnimationFrame(frame)
    }
    if (!isPlaying) return
    this.onPlay()
    frame()
  }

  tell() {
    if (!this.isOpen || !this.slider) return
    const seconds = this.media.currentTime
    this.slider.value = seconds
    this.slider.setAttribute('aria-valuetext', format.clock(seconds))
    replace(this.clock, format.clock(seconds))
    if (this.media.paused) this.onTime(seconds, this.isFollowing)
  }

  drawEmpty() {
    this.slider = null
    replace(this.element, this.chooser,
      h('button', { type: 'button', on: { click: () => this.choose() } }, icon(PLAY), 'Play your own copy'),
      h('span', { class: 'soft' }, 'Read along with the file on your computer. Nothing is uploaded.'))
  }

  draw() {
    const end = this.duration ?? 0
    this.end = h('output', format.clock(end))
    this.button = h('button', { type: 'button', 'aria-label': 'Play', on: { click: () => this.toggle() } }, icon(PLAY))
    this.clock = h('output', format.clock(this.media.currentTime))
    this.slider = h('input', { type: 'range', min: 0, max: end, step: 0.1, value: this.media.currentTime, 'aria-label': 'Place', on: { input: () => this.seek(Number(this.slider.value)) } })
    this.speed = choice({ 'aria-label': 'Speed', on: { change: () => { this.media.playbackRate = Number(this.speed.value) } } },
      SPEEDS.map(speed => [speed, `${speed} ×`, speed === this.media.playbackRate]))
    replace(this.element, this.chooser, this.button, this.clock, this.slider, this.end, this.speed,
      h('label', { class: 'tick' }, h('input', { type: 'checkbox', checked: this.isFollowing, on: { change: event => { this.isFollowing = event.target.checked } } }), h('span', 'Follow')),
      h('span', { class: 'name clip' }, 'Your own copy, ', bdi(this.name), '. Nothing is uploaded.'),
      h('button', { class: 'plain quiet', type: 'button', 'aria-label': 'Close the player', on: { click: () => this.close() } }, icon(paths.close)))
  }
}
