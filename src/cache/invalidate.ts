// Invalidation by unsafe methods (RFC 9111 §4.4).
import type { RequestHead, ResponseHead } from '../http/message.ts'

const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

/** Whether an answer to this method invalidates: an unsafe method (unknown ones are), and a 2xx or 3xx status. */
export function invalidates(method: string, status: number): boolean {
  return todo(method, status)
}

/** The primary keys that the answer invalidates: target, Location and Content-Location of the same origin. */
export function invalidatedKeys(request: RequestHead, response: ResponseHead): readonly string[] {
  return todo(request, response)
}
