// Hop-by-hop fields (RFC 9110 §7.6.1).
import type { Fields } from './fields.ts'

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** Whether a field (lower case) ends at this hop even when Connection does not name it. */
export function isHopByHop(key: string): boolean {
  return todo(key)
}

/** The names that Connection lists, lower case. */
export function connectionOptions(fields: Fields): readonly string[] {
  return todo(fields)
}

/** The fields that go on to the next hop, as a copy. */
export function endToEnd(fields: Fields): Fields {
  return todo(fields)
}
