// The request fields that decisions on the hot path ask for, each with a small number: a codec marks them in one bit
// set while it reads a head, so that "has this request anything unusual" is one AND. At most 31, the bits of a
// JavaScript small integer.

/** Lower-cased names; the position is the field's number. */
export const knownFields = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'cookie',
  'accept-encoding',
  'cache-control',
  'pragma',
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'authorization',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'proxy-connection',
  'via',
  'cdn-loop',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'http2-settings',
] as const

export type KnownField = (typeof knownFields)[number]

/** Field name → its number. */
export const fieldNumber = Object.fromEntries(knownFields.map((name, i) => [name, i])) as Record<
  KnownField,
  number
>

/** Field name → its bit. */
export const fieldBit = Object.fromEntries(knownFields.map((name, i) => [name, 1 << i])) as Record<
  KnownField,
  number
>
