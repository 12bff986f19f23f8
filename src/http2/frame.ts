// Frames (RFC 9113 §4.1 and §6): their types and flags, and the octets that begin each of them.

/** What a client says first (RFC 9113 §3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** What stands before the payload. */
export const FRAME_HEAD_BYTES = 9
/** The largest payload that every peer takes (RFC 9113 §4.2); none larger is sent, or taken. */
export const PAYLOAD_BYTES_MAX = 16_384

/** The types of frames that mean something here (RFC 9113 §6); all others are passed over. */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** Writes the head of a frame at `at`; returns the position after it. */
export function putFrameHead(
  into: Buffer,
  at: number,
  payloadBytes: number,
  type: number,
  flags: number,
  stream: number,
): number {
  into[at] = payloadBytes >>> 16
  into[at + 1] = payloadBytes >>> 8
  into[at + 2] = payloadBytes
  into[at + 3] = type
  into[at + 4] = flags
  return put32(into, at + 5, stream)
}

/** Writes a number of 32 bits at `at`; returns the position after it. */
export function put32(into: Buffer, at: number, value: number): number {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
  return at + 4
}

/** A number of 31 bits; the bit before it is reserved, and passed over. */
export function read31(octets: Buffer, at: number): number {
  return ((octets[at]! & 0x7f) << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!
}
