// The access log as JSON lines: one object on each, its members always the same and in the same order (members.ts).
import type { Entry } from './entry.ts'
import { digits, jsonText } from './octets.ts'

let second = -1
let start = ''

/** '{"time":"2026-11-28T04:07:40.': made once for each second. */
function startOf(timeMs: number): string {
  const of = Math.floor(timeMs / 1000)
  if (of !== second) {
    second = of
    start = `{"time":"${new Date(of * 1000).toISOString().slice(0, 20)}`
  }
  return start
}

let tier = ''
let reason = ''
let whole = false
let outcome = ''

/** One answer after the other has the same outcome. */
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
  at = digits(entry.timeMs - second * 1000, into, at, 3)
  at += into.latin1Write('Z","client":"', at)
  at = jsonText(entry.client, into, at)
  at += into.latin1Write('","method":"', at)
  at = jsonText(entry.method, into, at)
  at += into.latin1Write('","scheme":"', at)
  at = jsonText(entry.scheme, into, at)
  at += into.latin1Write('","host":"', at)
  at = jsonText(entry.host, into, at)
  at += into.latin1Write('","path":"', at)
  at = jsonText(entry.path, into, at)
  at += into.latin1Write('","protocol":"', at)
  at = jsonText(entry.protocol, into, at)
  at += into.latin1Write('","status":', at)
  at = digits(entry.status, into, at)
  at += into.latin1Write(',"bytes":', at)
  at = digits(entry.bytes, into, at)
  at += into.latin1Write(',"ms":', at)
  const microseconds = Math.round(entry.durationMs * 1000)
  const milliseconds = Math.floor(microseconds / 1000)
  at = digits(milliseconds, into, at)
  at += into.latin1Write('.', at)
  at = digits(microseconds - milliseconds * 1000, into, at, 3)
  at += into.latin1Write(outcomeOf(entry), at)
  at = optional(entry.referer, into, at)
  at += into.latin1Write(',"userAgent":', at)
  at = optional(entry.userAgent, into, at)
  at += into.latin1Write(',"requestId":', at)
  at = optional(entry.requestId, into, at)
  return at + into.latin1Write('}\n', at)
}

function optional(text: string | undefined, into: Buffer, from: number): number {
  if (text === undefined) return from + into.latin1Write('null', from)
  into[from] = 34
  const at = jsonText(text, into, from + 1)
  into[at] = 34
  return at + 1
}
