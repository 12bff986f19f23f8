// Broken invariants. What can go wrong in operation is not asserted but stands in errors.ts.

/** A programming error: the process is no longer to be trusted. */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

/** Throws an AssertionError unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`)
}
