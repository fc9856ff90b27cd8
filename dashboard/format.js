// Dates, numbers and lengths as the reader's browser writes them, in the reader's time zone.

const number = new Intl.NumberFormat()
const oneDecimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const percentage = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 })
const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const utcDay = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC', calendar: 'gregory' })
const month = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC', calendar: 'gregory' })

export const count = value => number.format(value)
export const decimal = value => oneDecimal.format(value)
export const percent = value => percentage.format(value)
export const when = iso => dayAndTime.format(new Date(iso))

/** `14:02` today, `yesterday`, `28 Nov`, `28 Nov 2025`. */
export function moment(iso, now = new Date()) {
  const date = new Date(iso)
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000)
  if (days === 0) return time.format(date)
  if (days === 1) return relative.format(-1, 'day')
  return (date.getFullYear() === now.getFullYear() ? dayOfYear : dayAndYear).format(date)
}

/** `2 hours ago`, `in 3 days`. */
export function ago(iso, now = Date.now()) {
  const seconds = (new Date(iso) - now) / 1000
  for (const [unit, length] of [['day', 86_400], ['hour', 3_600], ['minute', 60]]) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit)
  }
  return relative.format(Math.trunc(seconds), 'second')
}

/** `2026-11` as `November 2026`. Months of bills are months in UTC. */
export const monthName = period => month.format(new Date(`${period}-01T00:00:00Z`))

/** `2026-11-05` as `Thu, 5 Nov`. Days of bills are days in UTC. */
export const day = date => utcDay.format(new Date(`${date}T00:00:00Z`))

/** `1 h 52 min`, `6 min 40 s`, `12 s`. */
export function length(seconds) {
  if (seconds == null) return '–'
  const whole = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (hours) return minutes ? `${count(hours)} h ${minutes} min` : `${count(hours)} h`
  if (minutes) return rest ? `${minutes} min ${rest} s` : `${minutes} min`
  return `${rest} s`
}

/** A place in a recording: `00:47:12`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds))
  return [whole / 3600, whole / 60 % 60, whole % 60].map(part => String(Math.floor(part)).padStart(2, '0')).join(':')
}

/** `1,130 min` from seconds. */
export const minutes = seconds => `${oneDecimal.format(seconds / 60)} min`

export function money(cents, currency = 'USD') {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(cents / 100)
}

/** A text of at most 80 characters. */
export const short = text => text.length > 80 ? `${text.slice(0, 79)}…` : text

export function bytes(size) {
  const units = ['B', 'kB', 'MB', 'GB']
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1 }
  return `${oneDecimal.format(size)} ${units[unit]}`
}

const languageNames = new Intl.DisplayNames(undefined, { type: 'language', fallback: 'code' })

export function language(code) {
  if (!code) return '–'
  // Whisper's codes for these two aren't today's.
  try { return languageNames.of({ jw: 'jv', iw: 'he' }[code] ?? code) } catch { return code }
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}
