// Short stand-ins for long texts, where what a stranger sends is remembered: the memory that an entry takes then has a
// bound, and not only the number of entries.
import { createHash } from 'node:crypto'

/** SHA-256 in 43 characters. Nobody can make two texts with the same one. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
