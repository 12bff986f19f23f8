// The Keep-Alive field of a response (RFC 2068 §19.7.1; no standard since, and sent by most servers): for how long the
// origin means to keep an unused connection. One that is used in the moment in which the origin gives it up costs the
// request its answer where it may not be sent twice, so it is left alone a little earlier.
import { remembered } from '../../http/memo.ts'

/** How much earlier: what a request may take on its way, and a clock that counts whole seconds. */
const MARGIN_MS = 1000

/** For how long a connection may lie unused before it is used again, in milliseconds; Infinity when the field says nothing. */
export const unusedTimeOf = remembered((field: string): number => {
  const seconds = /(?:^|[,\s])timeout\s*=\s*"?(\d{1,9})"?\s*(?:,|$)/i.exec(field)?.[1]
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - MARGIN_MS)
}, 64)
