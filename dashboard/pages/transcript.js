// A job: its progress while it is under way, then its transcript to read, correct and export.

import { all, call, download, get } from '../api.js'
import { bdi, h, icon, replace } from '../dom.js'
import * as format from '../format.js'
import { discard, isEnded, nameOf, progressOf } from '../job.js'
import { attention, pause } from '../pause.js'
import { shortcuts } from '../shortcuts.js'
import { busy, choice, confirm, copy, dialog, failed, field, head, menu, popover, sentence, table, toast } from '../ui.js'
import { Model } from '../transcript/model.js'
import { Player } from '../transcript/player.js'
import { Strip } from '../transcript/strip.js'
import { Turns } from '../transcript/turns.js'

export default async function page(context) {
  const { params: [id], signal, title } = context
  const path = `/jobs/${encodeURIComponent(id)}`
  // The longest first: most jobs whose page is opened have a transcript.
  const text = load(path, context)
  text.catch(() => {})
  const job = await get(path, {}, { signal })
  title(nameOf(job))
  if (!isEnded(job)) return waiting(job, context)
  if (job.status !== 'completed' || job.transcript_deleted_at) return ended(job, context)
  return reading(job, text, context)
}

// MARK: before the transcript

function crumbs(job) {
  return h('nav', { class: 'soft', 'aria-label': 'Where you are' }, h('a', { href: 'jobs' }, 'Jobs'), ' / ', h('code', job.job_id))
}

const heading = (job, ...actions) => head(bdi(nameOf(job)), ...actions)

function waiting(job, { session, signal, refresh, refreshUsage }) {
  const may = session.scopes.includes('jobs:write')
  const bar = h('progress', { max: 1, 'aria-label': 'Progress' })
  const words = h('p', { role: 'status' })
  const draw = () => {
    if (job.status === 'queued') bar.removeAttribute('value')
    else bar.value = job.progress
    replace(words, job.status === 'queued' ? 'Waiting for its turn.' : `Being transcribed: ${progressOf(job)}.`)
  }
  const cancel = async () => {
    const run = () => call('POST', `/jobs/${job.job_id}/cancel`)
    if (await confirm({ title: 'Cancel this job?', text: 'It will not be transcribed, and costs nothing.', action: 'Cancel the job', run })) refresh()
  }
  /** Reads the job again and again: one call waits for its end, the others tell of its progress. */
  async function watch(query, seconds) {
    while (!signal.aborted) {
      await pause(seconds, signal)
      await attention(signal)
      try {
        job = await get(`/jobs/${job.job_id}`, query, { signal })
        if (!isEnded(job)) draw()
        else { refreshUsage(); return refresh() }
      } catch (error) {
        if (error.status === 404) return refresh()
        await pause(4, signal)
      }
    }
  }
  draw()
  watch({ wait: 30 }, 0)
  watch({}, 2)
  return [crumbs(job), heading(job), h('div', { class: 'waiting' }, bar, words,
    h('p', { class: 'soft' }, 'You can close this page. The transcript will be here.'),
    may && h('button', { type: 'button', on: { click: cancel } }, 'Cancel the job'))]
}

function ended(job, { session, go }) {
  const [what, why] = job.status === 'completed'
    ? ['The transcript was deleted', `On ${format.when(job.transcript_deleted_at)}: by somebody of your account, or because it was kept long enough.`]
    : job.status === 'failed' ? ['This recording could not be transcribed', job.error?.message ?? 'No reason was given.']
      : ['This job was cancelled', job.error?.message ?? 'It costs nothing.']
  return [crumbs(job), heading(job, jobMenu(job, session, go)), facts(job),
    h('div', { class: 'empty' }, h('h2', what), h('p', why), job.status === 'failed' && h('p', 'Failed jobs cost nothing.'),
      h('a', { class: 'button', href: 'jobs' }, 'Back to the jobs'))]
}

function facts(job) {
  return h('p', { class: 'meta' }, [
    job.duration_seconds != null && format.length(job.duration_seconds), job.language && format.language(job.language), job.engine,
    format.when(job.created_at), job.source_deleted_at && job.duration_seconds != null && `recording deleted ${format.moment(job.source_deleted_at)}`, job.test && 'test',
    ...Object.entries(job.metadata ?? {}).slice(0, 8).map(([key, value]) => [bdi(key), ': ', h('bdi', { dir: 'auto', title: written(value) }, format.short(written(value)))]),
  ].filter(Boolean).map(text => h('span', text)))
}

const written = value => typeof value === 'string' ? value : JSON.stringify(value)

function jobMenu(job, session, go, more = []) {
  const may = session.scopes.includes('jobs:delete')
  return menu('More', () => [
    ...more, { text: 'Copy job id', run: () => copy(job.job_id, 'The job id is copied.') },
    may && { text: 'Delete this job', danger: true, run: async () => { if (await go('jobs')) discard(job, () => go(`jobs/${job.job_id}`)) } },
  ].filter(Boolean))
}

// MARK: the transcript

/** Reads the transcript, with its header fields, and the names of its speakers. */
function load(path, { signal, query }) {
  const revision = query.get('revision') === 'original' ? 'original' : null
  return Promise.all([get(`${path}/transcript`, { format: 'json', revision }, { signal, whole: true }), get(`${path}/speakers`, {}, { signal })])
}

async function reading(job, text, context) {
  const { session, signal, query, go, guard, mayLeave } = context
  const isOriginal = query.get('revision') === 'original'
  const path = `/jobs/${job.job_id}`
  const [{ body: transcript, headers }, names] = await text
  let tag = headers.get('ETag')
  const mayWrite = session.scopes.includes('jobs:write')
  const mayCorrect = mayWrite && !isOriginal
  const model = new Model(transcript, names)
  const turns = new Turns(model, { word, speaker: speakerPopover, edit: mayCorrect ? edit : null }, signal)
  const player = new Player({
    duration: job.duration_seconds,
    // One mark is enough: of the word that was chosen, or of the one that plays.
    onPlay: () => turns.mark('at', null), onClose: () => turns.mark('now', null),
    onTime: (seconds, follow) => { turns.play(seconds, follow); strip.at(seconds) },
  }, signal)
  const strip = new Strip(model, job.duration_seconds ?? 0, seconds => { turns.go(seconds); player.seek(seconds); strip.at(seconds) }, signal)
  const chips = h('div', { class: 'bar' })
  const only = h('div', { class: 'notice', hidden: true, role: 'status' })

  // MARK: moments

  function word({ start }, { play = false } = {}) {
    history.replaceState(history.state, '', momentLink(start))
    player.seek(start)
    if (play) player.play()
    strip.at(start)
  }
  const momentLink = seconds => `${location.pathname}${location.search}#t=${Math.round(seconds * 1000) / 1000}`
  const momentOfHash = () => { const found = /^#t=([\d.]+)/.exec(location.hash); return found ? Number(found[1]) : null }
  async function copyLink() {
    const seconds = turns.at?.start ?? turns.topTime()
    await copy(new URL(momentLink(seconds), location.href).href, `The link to ${format.clock(seconds)} is copied.`)
  }
  addEventListener('hashchange', () => { const seconds = momentOfHash(); if (seconds != null) turns.go(seconds) }, { signal })

  // MARK: speakers

  function drawChips() {
    const times = model.times()
    replace(chips, model.speakers.map(speaker => {
      const chip = h('button', {
        class: 'chip', type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', dataset: { speaker }, style: { '--c': `var(--s${model.colorOf(speaker)})` },
      }, bdi(model.nameOf(speaker)), h('small', format.length(times.get(speaker))))
      chip.classList.toggle('on', model.only === speaker)
      chip.addEventListener('click', () => speakerPopover(speaker, chip))
      return chip
    }), mayCorrect && model.speakers.length > 0 && !Object.values(model.names).some(Boolean) && h('small', 'Click a speaker to name them.'))
    only.hidden = !model.only
    replace(only, h('span', 'Showing only ', bdi(model.nameOf(model.only)), '.'), h('button', { type: 'button', on: { click: () => filter(null) } }, 'Show everybody'))
  }

  /** Chips are made anew; who stood on one goes on there. */
  function focusChip(speaker) {
    if (document.activeElement === document.body) chips.querySelector(`[data-speaker="${CSS.escape(speaker)}"]`)?.focus()
  }

  async function filter(speaker) {
    // What is being corrected may not be among what is shown then.
    if (speaker && !await mayLeave()) return
    const chip = speaker ?? model.only
    if (speaker && turns.editing) turns.editing.close()
    model.show(speaker)
    turns.reset()
    search.dispatchEvent(new Event('input'))
    strip.draw()
    drawChips()
    focusChip(chip)
  }

  function speakerPopover(speaker, anchor) {
    const name = h('input', { value: model.names[speaker] ?? '', placeholder: speaker, maxlength: 100, autocomplete: 'off' })
    let isGivenUp = false
    const save = () => { const value = name.value.trim(); if (!isGivenUp && value !== (model.names[speaker] ?? '')) rename(speaker, value || null) }
    const form = h('form', { on: { submit: event => { event.preventDefault(); close() } } }, mayCorrect && field({ label: `Name of ${speaker}`, control: name, hint: 'Enter saves it for everybody.' }))
    const item = (text, keys, run) => h('button', { class: 'item', type: 'button', on: { click: () => { close(); run() } } }, text, h('kbd', keys))
    const rows = [
      ['f', model.only === speaker ? 'Show everybody' : 'Show only this speaker', () => filter(model.only === speaker ? null : speaker)],
      ['c', 'Copy their turns', () => copyTurns(speaker)],
      ['j', 'Jump to first turn', () => jump(speaker)],
    ]
    const content = [form, ...rows.map(([keys, text, run]) => item(text, keys.toUpperCase(), run))]
    // Whoever clicks elsewhere has written the name; Escape takes it back.
    const close = popover(anchor, content, { label: `Speaker ${model.nameOf(speaker)}`, onClose: save })
    form.parentElement.addEventListener('keydown', event => {
      if (event.key === 'Escape') isGivenUp = true
      const found = event.target === name || event.ctrlKey || event.metaKey ? null : rows.find(([keys]) => keys === event.key)
      if (found) { event.preventDefault(); event.stopPropagation(); close(); found[2]() }
    })
    name.select()
  }

  async function rename(speaker, name) {
    const before = model.names[speaker] ?? null
    const save = async value => {
      model.names = await call('PUT', `${path}/speakers`, { json: { [speaker]: value } })
      if (signal.aborted) return
      turns.reset()
      drawChips()
      focusChip(speaker)
    }
    try {
      await save(name)
      const namesakes = name && model.speakers.some(other => other !== speaker && model.names[other] === name)
      toast([`${speaker} `, name ? ['is ', bdi(name)] : 'has no name', '.', namesakes && ' Another speaker has the same name.'], { action: 'Undo', run: () => rename(speaker, before) })
    } catch (error) {
      // The name stays at hand.
      if (error.name !== 'AbortError') toast(sentence(error), { bad: true, seconds: 12, action: 'Try again', run: () => rename(speaker, name) })
    }
  }

  async function copyTurns(speaker) {
    const all = new Model({ ...transcript, segments: model.segments }, model.names)
    all.show(speaker)
    await copy(all.rows.map(row => turns.lineOf(row, all.textOf(row))).join('\n'), `${format.count(all.rows.length)} ${all.rows.length === 1 ? 'turn is' : 'turns are'} copied.`)
  }

  async function jump(speaker) {
    if (model.only && model.only !== speaker) await filter(null)
    const first = model.rows.findIndex(row => row.speaker === speaker)
    if (first >= 0) turns.focusRow(first)
  }

  // MARK: corrections

  function edit(element, word) {
    const row = model.rows[Number(element.dataset.row)]
    const text = element.querySelector('p')
    const resized = () => turns.resized(Number(element.dataset.row))
    /** Each segment's controls, and what they said when they were last in step with the service. */
    const parts = row.segments.map(number => {
      const segment = model.segments[number]
      const area = h('textarea', { value: segment.text.trim(), rows: 1, dir: 'auto', maxlength: 10_000, 'aria-label': `Text at ${format.clock(segment.start)}` })
      const part = { number, segment, area, text: area.value, speaker: model.speakers.length > 0 && h('select', { 'aria-label': `Speaker at ${format.clock(segment.start)}` }) }
      if (part.speaker) offerSpeakers(part)
      return part
    })

    /** `chosen`: an id, `new`, or null for the speaker that the segment has. */
    function offerSpeakers(part, chosen = null) {
      const { segment } = part
      part.by = segment.speaker ?? ''
      part.newcomer = model.newSpeaker
      const offered = [...(segment.speaker ? [] : [['', 'nobody']]), ...model.speakers.map(id => [id, model.nameOf(id)]), [part.newcomer, 'a new speaker']]
      replace(part.speaker, offered.map(([value, text]) => h('option', { value }, text)))
      part.speaker.value = chosen === 'new' ? part.newcomer : chosen ?? part.by
    }
    const isTyped = part => part.area.value !== part.text
    const isChosen = part => part.speaker && part.speaker.value !== part.by
    let isOutdated = false
    const problem = h('p', { class: 'problem', role: 'alert', hidden: true })
    const button = h('button', { class: 'go', type: 'submit' }, 'Save')
    const editor = h('form', {
      class: 'edit',
      on: {
        submit: event => { event.preventDefault(); submit() },
        input: resized,
        keydown: event => {
          event.stopPropagation()
          if (event.key === 'Escape') { event.preventDefault(); close() }
          if (event.key === 'Enter' && event.target.matches('textarea') && !event.isComposing) { event.preventDefault(); submit() }
        },
      },
    }, parts.map(({ area, speaker }) => h('div', area, speaker)),
      problem, h('div', { class: 'bar' }, button, h('button', { type: 'button', on: { click: () => close() } }, 'Cancel'),
        h('span', { class: 'hint' }, h('kbd', 'Enter'), ' saves, ', h('kbd', 'Esc'), ' cancels. The original is kept.')))

    let isClosed = false

    function close() {
      if (isClosed) return
      isClosed = true
      turns.editing = null
      guard(() => false)
      editor.remove()
      text.hidden = false
      if (isOutdated) { model.makeRows(); turns.reset() }
      else turns.redo(Number(element.dataset.row))
      focusSegment(row.segments[0])
    }

    /** Saves. Until the service has answered, nothing can be typed: it would be neither saved nor kept. */
    const submit = () => busy(button, async () => {
      const held = document.activeElement
      editor.inert = true
      try { await save() } finally {
        editor.inert = false
        if (!isClosed) held.focus({ preventScroll: true })
      }
    })

    async function save() {
      const edits = []
      for (const part of parts) {
        const value = part.area.value.replace(/\s+/g, ' ').trim()
        if (isTyped(part) && value !== part.segment.text.trim()) edits.push({ segment: part.number, text: value })
        if (isChosen(part) && part.speaker.value !== (part.segment.speaker ?? '')) edits.push({ segment: part.number, speaker: part.speaker.value })
      }
      if (!edits.length) return close()
      if (parts.every(part => !part.area.value.trim())
        && !await confirm({ title: 'Remove this paragraph?', text: 'It has no text any more. The original is kept, and can be read under “Corrections”.', action: 'Remove' })) return
      const before = parts.flatMap(({ number, segment }) => edits.filter(edit => edit.segment === number).map(edit =>
        'text' in edit ? { segment: number, text: segment.text } : segment.speaker && { segment: number, speaker: segment.speaker })).filter(Boolean)
      try {
        await correct(edits, close)
        toast('Corrected.', before.length === edits.length ? { action: 'Undo', run: () => correct(before).catch(failed) } : {})
      } catch (error) {
        if (error.status === 412) return stale().catch(failed)
        problem.hidden = false
        problem.textContent = sentence(error)
        resized()
      }
    }

    /** It was corrected meanwhile: what nobody touched here shows the new text, and what was typed stays. */
    async function stale() {
      const [next] = await load(path, context)
      tag = next.headers.get('ETag')
      model.segments = next.body.segments
      model.listSpeakers()
      isOutdated = true
      const theirs = []
      for (const part of parts) {
        const chosen = !isChosen(part) ? null : part.speaker.value === part.newcomer ? 'new' : part.speaker.value
        part.segment = next.body.segments[part.number]
        if (!isTyped(part)) part.area.value = part.text = part.segment.text.trim()
        else if (part.text !== part.segment.text.trim()) theirs.push(part.segment.text.trim())
        if (part.speaker) offerSpeakers(part, chosen)
      }
      problem.hidden = false
      problem.textContent = ['This transcript was corrected meanwhile, in another window or by somebody else.',
        theirs.length ? `Here it now says: “${theirs.join(' ')}”` : '', 'Save again to keep your text.'].join(' ')
      resized()
    }

    text.hidden = true
    text.after(editor)
    turns.editing = { element, segment: row.segments[0], close }
    guard(() => parts.some(part => isTyped(part) || isChosen(part)))
    const chosen = parts.find(({ segment }) => segment.words.includes(word)) ?? parts[0]
    chosen.area.focus({ preventScroll: true })
    selectWord(chosen, word)
    resized()
  }

  function selectWord({ segment, area }, word) {
    let at = 0
    for (const each of segment.words) {
      const from = area.value.indexOf(each.text.trim(), at)
      if (from < 0) continue
      at = from + each.text.trim().length
      if (each === word) return area.setSelectionRange(from, at)
    }
  }

  /** `done` is called once it is saved, before the page shows it. */
  async function correct(edits, done = () => {}) {
    const { body, headers } = await call('PATCH', `${path}/transcript`, { json: { edits }, headers: { 'If-Match': tag }, whole: true })
    tag = headers.get('ETag') ?? tag
    // Who has gone on sees it the next time.
    if (signal.aborted) return
    done()
    model.correct(body.segments)
    turns.forget()
    turns.reset()
    search.placeholder = `Find in ${format.count(model.wordCount)} words`
    search.dispatchEvent(new Event('input'))
    strip.draw()
    drawChips()
    if (player.isOpen) turns.play(player.media.currentTime, false)
    if (!turns.editing) focusSegment(edits[0].segment)
  }

  /** Puts the focus on the paragraph that a segment is in. */
  function focusSegment(number) {
    const index = model.rows.findIndex(row => row.segments.includes(number))
    turns.focusRow(index < 0 ? turns.focused : index)
  }

  // MARK: finding

  const count = h('output', { 'aria-live': 'polite' })
  const search = h('input', { type: 'search', 'aria-label': 'Find in the transcript', placeholder: `Find in ${format.count(model.wordCount)} words`, maxlength: 200 })
  const said = number => replace(count, turns.found.length ? `${format.count(number)} of ${format.count(turns.found.length)}` : search.value.trim() ? 'not found' : '')
  search.addEventListener('input', () => { turns.find(search.value); said(0) })
  search.addEventListener('keydown', event => {
    if (event.key === 'Enter') { event.preventDefault(); said(turns.findNext(event.shiftKey ? -1 : 1)) }
    if (event.key === 'Escape') { search.value = ''; turns.find(''); said(0); turns.focusRow(turns.rowAtHeight(turns.top + 90)) }
  })
  const step = (label, path, by) => h('button', { class: 'plain quiet', type: 'button', 'aria-label': label, on: { click: () => said(turns.findNext(by)) } }, icon(path))
  document.addEventListener('keydown', event => {
    // Once: a second time opens the browser's own search.
    if ((event.ctrlKey || event.metaKey) && event.key === 'f' && document.activeElement !== search) { event.preventDefault(); search.focus(); search.select() }
  }, { signal })

  shortcuts('Transcript', [
    { keys: '/', what: 'Find', run: () => { search.focus(); search.select() } },
    { keys: 'Space', what: 'Play or pause your own copy', run: () => player.toggle() },
    { keys: 'h', what: 'Back 5 seconds', run: () => player.skip(-5) },
    { keys: 'l', what: 'On 5 seconds', run: () => player.skip(5) },
    { keys: '<', what: 'Slower', run: () => player.faster(-1) },
    { keys: '>', what: 'Faster', run: () => player.faster(1) },
    { keys: 'y', what: 'Copy a link to this moment', run: copyLink },
    { keys: 'x', what: 'Export', run: exporting },
    { keys: 't', what: 'Go to the text', run: () => turns.focusRow(turns.rowAtHeight(turns.top + 90)) },
    ...model.speakers.slice(0, 9).map((speaker, index) => ({ keys: `${index + 1}`, what: `Speaker ${index + 1}: name, filter, copy`, run: () => speakerPopover(speaker, chips.children[index]) })),
  ], signal)
  shortcuts('In the text', [
    { keys: 'ArrowDown', what: 'Next paragraph', run: () => turns.focusRow(turns.focused + 1) },
    { keys: 'ArrowUp', what: 'Previous paragraph', run: () => turns.focusRow(turns.focused - 1) },
    { keys: 'ArrowRight', what: 'Next word' },
    { keys: 'ArrowLeft', what: 'Previous word' },
    { keys: 'Enter', what: 'Play from this word' },
    { keys: 's', what: 'The speaker: name, filter, copy' },
    mayCorrect && { keys: 'e', what: 'Correct' },
  ].filter(Boolean), signal)

  // MARK: export and history

  function exporting() {
    const formats = [['docx', 'Word document'], ['txt', 'Plain text'], ['md', 'Markdown'], ['srt', 'SubRip subtitles'], ['vtt', 'WebVTT subtitles'], ['ttml', 'TTML subtitles'],
      ['ass', 'ASS subtitles'], ['lrc', 'LRC lyrics'], ['csv', 'Table of segments'], ['json', 'JSON with word times']]
    const radios = formats.map(([value, text], index) =>
      h('label', { class: 'tick' }, h('input', { type: 'radio', name: 'format', value, checked: index === 0 }), h('span', text, h('small', ` .${value}`))))
    const speakers = choice({ name: 'speakers', value: 'names' }, [['names', 'by their names'], ['labels', 'by their labels (speaker_0)'], ['none', 'not at all']])
    const revision = choice({ name: 'revision', value: isOriginal ? 'original' : 'latest' }, [['latest', 'with corrections'], ['original', 'as it was recognized']])
    const options = form => ({ format: form.elements.format.value, speakers: speakers.value, revision: revision.value })
    dialog({
      title: 'Export',
      body: [h('fieldset', h('legend', 'Format'), radios), field({ label: 'Show speakers', control: speakers }), field({ label: 'Text', control: revision })],
      actions: [{ text: 'Cancel' }, { text: 'Download', kind: 'go', run: form => download(`${path}/transcript`, options(form)) }],
    })
  }

  async function revisions() {
    const revisions = await all(`${path}/revisions`, 'revisions', signal)
    dialog({
      title: 'Corrections',
      body: revisions.length ? [
        table('Corrections, oldest first', [{ name: 'Revision' }, { name: 'When' }, { name: 'Segments', class: 'n' }, { name: 'By' }],
          revisions.map(revision => [revision.revision, format.when(revision.created_at), format.count(revision.segments),
            revision.member_id === session.member_id ? 'you' : h('code', revision.member_id ?? revision.key_id ?? 'an operator')])),
        h('p', { class: 'soft' }, 'The text as it was recognized is kept.'),
      ] : h('p', 'Nobody has corrected this transcript.'),
      actions: [revisions.length > 0 && { text: 'Read the original', run: async () => { go(`jobs/${job.job_id}?revision=original`) } }, { text: 'Close' }].filter(Boolean).reverse(),
    })
  }

  async function discardTranscript() {
    const done = await confirm({
      title: 'Delete the transcript?', text: 'The text, its corrections and the speakers’ names are gone for good. The job stays in the list.', action: 'Delete the transcript',
      run: () => call('DELETE', `${path}/transcript`),
    })
    if (done) context.refresh()
  }

  // MARK: the page

  addEventListener('dragover', event => event.preventDefault(), { signal })
  addEventListener('drop', event => { event.preventDefault(); player.open(event.dataTransfer.files[0]) }, { signal })
  addEventListener('scroll', () => { if (!player.isOpen) strip.at(turns.topTime()) }, { signal, passive: true })
  drawChips()
  const content = [
    crumbs(job),
    heading(job, h('button', { type: 'button', on: { click: copyLink } }, 'Copy link'),
      h('button', { class: 'go', type: 'button', on: { click: exporting } }, 'Export'),
      jobMenu(job, session, go, [
        { text: 'Corrections', run: () => revisions().catch(failed) }, { text: 'Print', run: () => print() },
        session.scopes.includes('jobs:delete') && { text: 'Delete the transcript', danger: true, run: discardTranscript },
      ])),
    facts(job),
    isOriginal && h('p', { class: 'notice' }, 'This is the text as it was recognized, without corrections.', h('a', { class: 'button', href: `jobs/${job.job_id}` }, 'Read the latest')),
    strip.element,
    h('div', { class: 'chips bar' }, chips, h('div', { class: 'find push' }, search, count, step('Previous', 'M6 15l6-6 6 6', -1), step('Next', 'M6 9l6 6 6-6', 1))),
    only,
    model.rows.length ? turns.element : h('p', { class: 'empty' }, 'Nobody speaks in this recording.'),
    player.element,
  ]
  requestAnimationFrame(() => {
    turns.reset({ keep: false })
    strip.draw()
    const seconds = momentOfHash()
    if (seconds != null) { turns.go(seconds); strip.at(seconds); player.seek(seconds) }
  })
  return content
}
