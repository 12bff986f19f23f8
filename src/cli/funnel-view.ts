// How a terminal shows the funnel: the share of requests that ran no application code, and how many requests each
// tier answered. Pure: a snapshot in, lines out; whoever prints them owns the terminal.
import type { Reason } from '../base/reason.ts'
import { tiers, type Tier } from '../base/record.ts'
import type { FunnelSnapshot } from '../observe/funnel.ts'

/** What the view tells besides the counts. */
export interface FunnelView {
  readonly snapshot: FunnelSnapshot
  /** The line at the top: what is served, and where. */
  readonly title: string
  readonly runningMs: number
}

/** The terminal's width in columns, and whether it may be given colours. */
export interface Terminal {
  readonly columns: number
  readonly colour: boolean
}

interface TierText {
  readonly name: string
  readonly text: string
  readonly colour: number
}

const green = 32
const yellow = 33
const red = 31
const grey = 90
const bold = 1

const tierTexts: Readonly<Record<Tier, TierText>> = {
  browser: { name: 'browser', text: 'the visitor’s own copy was still good', colour: green },
  memory: { name: 'memory', text: 'a stored response', colour: green },
  file: { name: 'file', text: 'a file of the site, from the disk', colour: green },
  collapsed: { name: 'collapsed', text: 'shared another request’s fetch', colour: green },
  revalidated: { name: 'revalidated', text: 'the application only confirmed', colour: yellow },
  origin: { name: 'application', text: 'the application answered', colour: red },
  self: { name: 'refused', text: 'refusals and failures, by Myriad', colour: grey },
}

const barColumns = 18
const reasonsShown = 5

/** The view for a terminal that is redrawn in place: one string per row, none wider than the terminal. */
export function funnelLines(view: FunnelView, terminal: Terminal): string[] {
  const { snapshot } = view
  const paint = painter(terminal)
  const recent = snapshot.recent
  const reasonWords = reasonTotals(snapshot)
    .slice(0, reasonsShown)
    .map(([reason, requests]) => `${reason} ${count(requests)}`)
  const lines: Row[] = [
    [[view.title, bold]],
    [],
    [
      [`  ${percent(snapshot.withoutApplication)}`, bold, green],
      ['  of the requests ran no application code', bold],
      [`   last ${recent.seconds} s: ${percent(recent.withoutApplication)}`, grey],
    ],
    [],
    ...tiers.map((tier) => tierRow(snapshot, tier)),
    [],
    [
      [`  ${requestsText(snapshot.requests)}`],
      [`   ${rate(recent.perSecond)}/s   ${span(view.runningMs)}`, grey],
    ],
    [[`  ${reasonWords.join(' · ') || 'waiting for the first request'}`, grey]],
  ]
  return lines.map(paint)
}

/** How often each reason occurred, whichever tier it came from; the most frequent first. */
export function reasonTotals({ reasons }: FunnelSnapshot): (readonly [reason: Reason, requests: number])[] {
  const totals = new Map<Reason, number>()
  for (const { reason, requests } of reasons) totals.set(reason, (totals.get(reason) ?? 0) + requests)
  return [...totals].toSorted((a, b) => b[1] - a[1])
}

/** The view as one plain line, for a log or a pipe. */
export function funnelLine(view: FunnelView): string {
  const { snapshot } = view
  const counts = tiers
    .filter((tier) => snapshot.tiers[tier] > 0)
    .map((tier) => `${tierTexts[tier].name} ${count(snapshot.tiers[tier])}`)
  const latency = snapshot.latencyMs.memory
  return [
    `${percent(snapshot.withoutApplication)} ran no application code`,
    `${requestsText(snapshot.requests)} (${counts.join(', ') || 'none yet'})`,
    `${rate(snapshot.recent.perSecond)}/s`,
    ...(latency ? [`memory p50 ${ms(latency.p50)} p99 ${ms(latency.p99)}`] : []),
    span(view.runningMs),
  ].join(' · ')
}

/** The control sequence that puts `lines` where `rowsBefore` rows were drawn before. */
export function redraw(rowsBefore: number, lines: readonly string[]): string {
  const up = rowsBefore > 0 ? `\x1b[${rowsBefore}A\r` : ''
  return `${up}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`
}

/** Pieces of text, each with its SGR codes. */
type Row = (readonly [text: string, ...codes: number[]])[]

function tierRow(snapshot: FunnelSnapshot, tier: Tier): Row {
  const { name, text, colour } = tierTexts[tier]
  const requests = snapshot.tiers[tier]
  const share = snapshot.requests === 0 ? 0 : requests / snapshot.requests
  const latency = snapshot.latencyMs[tier]
  return [
    [`  ${name.padEnd(12)}${count(requests).padStart(9)} ${percent(share).padStart(6)}  `],
    [bar(share).padEnd(barColumns), colour],
    [latency ? `  p50 ${ms(latency.p50).padStart(7)}  p99 ${ms(latency.p99).padStart(7)}` : ' '.repeat(26)],
    [`  ${text}`, grey],
  ]
}

/** A bar as long as its share, to an eighth of a column; what is not zero shows. */
function bar(share: number): string {
  const eighths = Math.min(barColumns * 8, Math.ceil(share * barColumns * 8))
  const rest = eighths % 8
  return '█'.repeat(eighths >> 3) + (rest > 0 ? String.fromCodePoint(0x2590 - rest) : '')
}

/** Makes a row a string no wider than the terminal: a piece that does not fit is left out, the first one is cut. */
function painter({ columns, colour }: Terminal): (row: Row) => string {
  return (row) => {
    let left = columns
    let line = ''
    for (const [text, ...codes] of row) {
      if (text.length > left && line !== '') break
      const shown = text.slice(0, left)
      left -= shown.length
      line += colour && codes.length > 0 ? `\x1b[${codes.join(';')}m${shown}\x1b[0m` : shown
    }
    return line
  }
}

/** A share as text; rounded down, so that only everything is 100%. */
export function percent(share: number | undefined): string {
  if (share === undefined) return '–'
  return share === 1 ? '100%' : `${(Math.floor(share * 1000) / 10).toFixed(1)}%`
}

function count(n: number): string {
  return n.toLocaleString('en')
}

function requestsText(n: number): string {
  return n === 1 ? '1 request' : `${count(n)} requests`
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))
}

function ms(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} µs`
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
}

/** A duration in its two largest units. */
export function span(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}
