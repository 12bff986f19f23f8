// Octets as a socket lends them: in memory that is used again. Once they have been read there is something else, so that
// whoever kept a view of them instead of a copy is found out.

/** What can be lent to; the octets lie from 0 to `end`. */
type Borrower = (octets: Buffer, end: number) => void

/** Stands behind what is lent, and in its place afterwards. */
const OTHERWISE = 0xdb
const ROOM_BYTES = 64

/** Has `read` read a copy of `bytes`, and spoils it. */
export function lend(bytes: Uint8Array, read: Borrower): void {
  const memory = Buffer.alloc(bytes.length + ROOM_BYTES, OTHERWISE)
  memory.set(bytes)
  try {
    read(memory, bytes.length)
  } finally {
    memory.fill(OTHERWISE)
  }
}
