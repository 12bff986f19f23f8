// The access log as JSON lines: one object on each, its members always the same and in the same order (members.ts).
import type { Entry } from './entry.ts'
import { digits, ESCAPED_BYTES_MAX, jsonText } from './octets.ts'

const POINT = 46
const QUOTE = 34

// Texts that stay the same from one request to the next are put together once, and remembered: the last of each.

let startMs = -1
let start = ''
let second = -1
let upToSecond = ''

/** '{"time":"2026-11-28T04:07:40.123Z","client":"'. */
function startOf(timeMs: number): string {
  if (timeMs === startMs) return start
  const of = Math.floor(timeMs / 1000)
  if (of !== second) {
    second = of
    upToSecond = `{"time":"${new Date(of * 1000).toISOString().slice(0, 20)}`
  }
  startMs = timeMs
  start = `${upToSecond}${String(timeMs - of * 1000).padStart(3, '0')}Z","client":"`
  return start
}

let method: string | undefined
let scheme = ''
let host = ''
let asked = ''

/** Of what kind of request a site gets most: the method and the host are nearly always the same. */
function askedOf(entry: Entry): string {
  if (entry.method !== method || entry.scheme !== scheme || entry.host !== host) {
    ;({ method, scheme, host } = entry)
    asked = `","method":${quoted(method)},"scheme":"${scheme}","host":${quoted(host)},"path":"`
  }
  return asked
}

let protocol = ''
let status = -1
let told = ''

function toldOf(entry: Entry): string {
  if (entry.protocol !== protocol || entry.status !== status) {
    ;({ protocol, status } = entry)
    told = `","protocol":"${protocol}","status":${status},"bytes":`
  }
  return told
}

let tier = ''
let reason = ''
let whole = false
let outcome = ''

function outcomeOf(entry: Entry): string {
  if (entry.tier !== tier || entry.reason !== reason || entry.whole !== whole) {
    ;({ tier, reason, whole } = entry)
    outcome = `,"whole":${whole},"tier":"${tier}","reason":"${reason}","referer":`
  }
  return outcome
}

/** A `LineFormat`. */
export function jsonLine(entry: Entry, into: Buffer, from: number): number {
  let at = from
  at += into.latin1Write(startOf(entry.timeMs), at)
  at = jsonText(entry.client, into, at)
  at += into.latin1Write(askedOf(entry), at)
  at = jsonText(entry.path, into, at)
  at += into.latin1Write(toldOf(entry), at)
  at = digits(entry.bytes, into, at)
  at += into.latin1Write(',"ms":', at)
  const microseconds = Math.round(entry.durationMs * 1000)
  const milliseconds = Math.floor(microseconds / 1000)
  at = digits(milliseconds, into, at)
  into[at++] = POINT
  at = digits(microseconds - milliseconds * 1000, into, at, 3)
  at += into.latin1Write(outcomeOf(entry), at)
  at = optional(entry.referer, into, at)
  at += into.latin1Write(',"userAgent":', at)
  at = optional(entry.userAgent, into, at)
  if (entry.requestId === undefined) return at + into.latin1Write(',"requestId":null}\n', at)
  at += into.latin1Write(',"requestId":', at)
  at = optional(entry.requestId, into, at)
  return at + into.latin1Write('}\n', at)
}

function optional(text: string | undefined, into: Buffer, from: number): number {
  if (text === undefined) return from + into.latin1Write('null', from)
  into[from] = QUOTE
  const at = jsonText(text, into, from + 1)
  into[at] = QUOTE
  return at + 1
}

/** As `jsonText` writes it: for what is remembered. */
function quoted(text: string): string {
  const octets = Buffer.allocUnsafe(text.length * ESCAPED_BYTES_MAX)
  return `"${octets.latin1Slice(0, jsonText(text, octets, 0))}"`
}
