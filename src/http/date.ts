// HTTP-date (RFC 9110 §5.6.7).
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** Milliseconds of an HTTP-date in any of its three forms, or undefined. `nowMs` resolves two-digit years. */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  return todo(text, nowMs)
}

/** A time as IMF-fixdate. */
export function formatHttpDate(ms: number): string {
  return todo(ms)
}
