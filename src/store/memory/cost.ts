// What stored things take in memory, so that the budget is kept in resident memory and not in lengths. Measured with
// Bun 1.4.4 on Linux; `bench/memory-budget.ts` checks the sum.
//
// Buffers come from mimalloc. Up to 32 KB it rounds a length up to one of four sizes per power of two (8 KB, 10 KB,
// 12 KB, 14 KB, 16 KB …); above, the room that rounding adds is not touched, and counts by pages of 4 KB. Where lengths are
// mixed, gaps stay between long buffers until the allocator gives them back; an eighth allows for them.

import type { Fields } from '../../http/fields.ts'

/** `StoredBytes` with its buffer, besides the bytes themselves. */
export const storedBytesHeapBytes = 200

/** A slot of the store's map, its resident, and the key besides its characters. */
export const entryHeapBytes = 360

/** A message's head without field lines. */
const headHeapBytes = 400

/** A field line besides the characters of its value; names are shared between messages. */
const lineHeapBytes = 80

/** Above this a buffer counts by pages. */
const roundedBytesMax = 32 * 1024

const pageBytes = 4096
const gapFactor = 9 / 8

/** The memory that a buffer of `length` takes outside the heap. */
export function bufferBytes(length: number): number {
  if (length > roundedBytesMax) return Math.ceil((length * gapFactor) / pageBytes) * pageBytes
  if (length <= 64) return 64
  const step = 2 ** (Math.floor(Math.log2(length - 1)) - 2)
  return Math.ceil(length / step) * step
}

/** The memory that a head with these fields takes in the heap. */
export function fieldsHeapBytes(fields: Fields): number {
  return fields.values.reduce((sum, value) => sum + lineHeapBytes + value.length, headHeapBytes)
}
