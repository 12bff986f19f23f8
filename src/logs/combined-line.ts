// The access log in Apache's combined format: `%h - - %t "%r" %>s %O "%{Referer}i" "%{User-agent}i"`, escaped as Apache
// does. Identity and user are always '-': nobody is asked who he is, and Authorization is not logged.
import type { Entry } from './entry.ts'
import { apacheText, digits } from './octets.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

let second = -1
let start = ''

/** ' - - [28/Nov/2026:04:07:40 +0000] "': made once for each second. */
function startOf(timeMs: number): string {
  const of = Math.floor(timeMs / 1000)
  if (of !== second) {
    second = of
    const iso = new Date(of * 1000).toISOString()
    const day = `${iso.slice(8, 10)}/${months[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}`
    start = ` - - [${day}:${iso.slice(11, 19)} +0000] "`
  }
  return start
}

/** A `LineFormat`. */
export function combinedLine(entry: Entry, into: Buffer, from: number): number {
  let at = apacheText(entry.client === '' ? '-' : entry.client, into, from)
  at += into.latin1Write(startOf(entry.timeMs), at)
  if (entry.method === '') {
    // As Apache has it where there was no request line to be read.
    at += into.latin1Write('-', at)
  } else {
    at = apacheText(entry.method, into, at)
    at += into.latin1Write(' ', at)
    at = apacheText(entry.path, into, at)
    at += into.latin1Write(' ', at)
    at = apacheText(entry.protocol, into, at)
  }
  at += into.latin1Write('" ', at)
  at = digits(entry.status, into, at)
  at += into.latin1Write(' ', at)
  at = digits(entry.bytes, into, at)
  at += into.latin1Write(' "', at)
  at = apacheText(entry.referer ?? '-', into, at)
  at += into.latin1Write('" "', at)
  at = apacheText(entry.userAgent ?? '-', into, at)
  return at + into.latin1Write('"\n', at)
}
