// Answers of Myriad's own making: refusals and failures, as short plain text.
import type { Failure } from '../base/failure.ts'
import { Fields } from '../http/fields.ts'
import { ownStatus } from './cache-status.ts'
import type { Reply } from './reply.ts'
import { Representation } from './representation.ts'

/** Answers a request with a failure. What it says of the cause is for the client; it holds no secret. */
export function answerWithFailure(reply: Reply, failure: Failure, headOnly: boolean): void {
  const body = Buffer.from(`${failure.status} ${failure.code}: ${failure.message}\n`)
  const fields = Fields.of([
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
  ])
  const note = { ageSeconds: -1, cacheStatus: ownStatus(failure.reason) }
  reply.stored(Representation.once(failure.status, fields, body), note, headOnly)
}
