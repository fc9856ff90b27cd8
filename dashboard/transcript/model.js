// A transcript as the page reads it: paragraphs of one speaker, made of segments. Knows nothing of the document.

/** A paragraph takes no further segment after so many characters, or after a pause of so many seconds. */
const [LONG, PAUSE] = [420, 4]
/** Words below this confidence are shaded. */
export const LOW = 0.5

export class Model {
  constructor(transcript, names) {
    this.transcript = transcript
    this.segments = transcript.segments
    this.names = names
    /** Those that were heard, also if nothing is theirs any more. */
    this.heard = transcript.speakers.map(speaker => speaker.id)
    this.listSpeakers()
    /** The only speaker that is shown; null for all. */
    this.only = null
    this.makeRows()
  }

  /** Takes over the segments that a correction has changed. */
  correct(changed) {
    for (const { segment, ...next } of changed) this.segments[segment] = next
    this.listSpeakers()
    this.makeRows()
  }

  listSpeakers() {
    this.speakers = [...new Set([...this.heard, ...this.segments.map(segment => segment.speaker).filter(Boolean)])]
  }

  /** The id of a speaker that there isn't yet, as the service counts them. */
  get newSpeaker() {
    const numbers = this.speakers.map(speaker => /^speaker_(\d+)$/.exec(speaker)).filter(Boolean).map(found => Number(found[1]))
    return `speaker_${Math.max(-1, ...numbers) + 1}`
  }

  show(speaker) {
    this.only = speaker
    this.makeRows()
  }

  makeRows() {
    const rows = []
    let row = null
    for (const [index, segment] of this.segments.entries()) {
      if (!segment.text.trim() || (this.only && segment.speaker !== this.only)) continue
      const fits = row && row.speaker === segment.speaker && row.length + segment.text.length <= LONG && segment.start - row.end <= PAUSE
      if (!fits) {
        row = { speaker: segment.speaker, start: segment.start, end: segment.end, length: 0, segments: [], isSame: rows.at(-1)?.speaker === segment.speaker }
        rows.push(row)
      }
      row.segments.push(index)
      row.length += segment.text.length + 1
      row.end = Math.max(row.end, segment.end)
    }
    this.rows = rows
  }

  nameOf(speaker) { return this.names[speaker] ?? speaker ?? '' }

  /** The place of a speaker among the colors. */
  colorOf(speaker) { return Math.max(0, this.speakers.indexOf(speaker)) % 8 }

  /** How long each speaker speaks, in seconds. */
  times() {
    const times = new Map(this.speakers.map(speaker => [speaker, 0]))
    for (const { speaker, start, end } of this.segments) if (times.has(speaker)) times.set(speaker, times.get(speaker) + end - start)
    return times
  }

  get wordCount() { return this.segments.reduce((sum, segment) => sum + segment.words.length, 0) }

  /** The text of a row, as it stands in the document. */
  textOf(row) { return row.text ??= row.segments.map(index => this.segments[index].text.trim()).join(' ') }

  /**
   * The text of a row in parts: `{ text, word }`, where `word` is absent for what stands between words.
   * A word has its `start`, `end` and `confidence`.
   */
  partsOf(row) {
    const parts = []
    for (const [number, index] of row.segments.entries()) {
      const segment = this.segments[index]
      const text = segment.text.trim()
      if (number) parts.push({ text: ' ' })
      let at = 0
      for (const word of segment.words) {
        const wanted = word.text.trim()
        const from = wanted ? text.indexOf(wanted, at) : -1
        if (from < 0) continue
        if (from > at) parts.push({ text: text.slice(at, from) })
        parts.push({ text: wanted, word, segment: index })
        at = from + wanted.length
      }
      if (at < text.length) parts.push({ text: text.slice(at) })
    }
    return parts
  }

  /** Every place of `query`: `{ row, from, to }`, where from and to count characters of the row's text. */
  find(query) {
    const wanted = fold(query.trim())
    const found = []
    if (!wanted) return found
    for (const [index, row] of this.rows.entries()) {
      row.folded ??= fold(this.textOf(row))
      for (let from = row.folded.indexOf(wanted); from >= 0; from = row.folded.indexOf(wanted, from + wanted.length)) {
        found.push({ row: index, from, to: from + wanted.length })
      }
    }
    return found
  }

  /** The last row that begins at `seconds` or before; 0 if all begin later. */
  rowAt(seconds) {
    let [low, high] = [0, this.rows.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.rows[middle].start <= seconds) low = middle
      else high = middle - 1
    }
    return low
  }

  /** The last word of a row that begins at `seconds` or before. */
  wordAt(row, seconds) {
    let found = null
    for (const index of row.segments) {
      for (const word of this.segments[index].words) {
        if (word.start > seconds + 0.001) return found ?? word
        found = word
      }
    }
    return found
  }
}

/** Small letters, one for each: what is found in them is found at the same place in the text. */
function fold(text) {
  const small = text.toLowerCase()
  return small.length === text.length ? small : [...text].map(letter => letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter).join('')
}
