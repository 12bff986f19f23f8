// The members of a line of the access log: a closed list. The manual's table (docs/manual/logs.md) is held against it.

/** In the order in which a JSON line has them, each with what it tells. */
export const logMembers = {
  time: 'When the request had come: UTC, to the millisecond.',
  client: 'Who asked: the address of the visitor, as far as it is believed (`edge.trust`).',
  method: 'The method; empty when none could be read.',
  scheme: '`http` or `https`.',
  host: 'The host that was asked for, in lower case, with a port that is not the usual one.',
  path: 'The target as it was sent, with its query; secrets in it are masked.',
  protocol: '`HTTP/1.1`, `HTTP/1.0`.',
  status: 'The status code; 499 when the client left before there was an answer.',
  bytes: 'What was sent: head and body; of an answer that was broken off, what had left by then.',
  ms: 'From the request to the end of its answer, in milliseconds.',
  whole: 'Whether all of the answer was sent.',
  tier: 'Who answered, as in `myriad status`.',
  reason: 'Why, as in `Cache-Status`.',
  referer: 'The Referer field, masked as the path; null when there is none.',
  userAgent: 'The User-Agent field; null when there is none.',
  requestId: 'The X-Request-Id field; null when there is none.',
} as const

export type LogMember = keyof typeof logMembers

/** Those that an owner may leave empty: all that tells of a visitor. */
export const hidable = ['client', 'host', 'query', 'referer', 'userAgent', 'requestId'] as const

export type Hidable = (typeof hidable)[number]
