// Answers of Myriad's own making: refusals and failures, as short plain text.
import type { Failure, FailureCode } from '../base/failure.ts'
import { Fields } from '../http/fields.ts'
import { ownStatus } from './cache-status.ts'
import type { Reply } from './reply.ts'
import { Representation } from './representation.ts'

/** Answers OPTIONS with `Max-Forwards: 0`: which methods this hop takes. */
export function answerOptions(reply: Reply): void {
  const fields = Fields.of([['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY']])
  const nothing = Representation.once(204, fields, new Uint8Array(0))
  reply.stored(nothing, false, -1, 0, 'max-forwards', ownStatus('max-forwards'))
}

/** Answers PURGE: how many stored responses are gone. */
export function answerPurged(reply: Reply, responses: number): void {
  const body = Buffer.from(`purged: ${responses} stored response${responses === 1 ? '' : 's'}\n`)
  const representation = Representation.once(200, textFields(body), body)
  reply.stored(representation, false, -1, 0, 'purge', ownStatus('purge'))
}

/** Answers the question of a certificate authority (RFC 8555 §8.3). */
export function answerChallenge(reply: Reply, proof: string, headOnly: boolean): void {
  const body = Buffer.from(proof)
  const fields = Fields.of([
    ['Content-Type', 'application/octet-stream'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
  ])
  const representation = Representation.once(200, fields, body)
  reply.stored(representation, headOnly, -1, 0, 'acme-challenge', ownStatus('acme-challenge'))
}

/** Answers with a redirect of a page rule; `location` is checked already. */
export function answerRedirect(reply: Reply, status: number, location: string, headOnly: boolean): void {
  const body = Buffer.from(`${status}: ${location}\n`)
  const fields = Fields.of([
    ['Location', location],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
  ])
  reply.stored(Representation.once(status, fields, body), headOnly, -1, 0, 'redirect', ownStatus('redirect'))
}

/** Failures whose message may name the origin's address or a path on this machine: that is for the owner. */
const told: Partial<Record<FailureCode, string>> = {
  'connect-refused': 'no connection to the origin',
  'connect-timeout': 'no connection to the origin in time',
  'origin-busy': 'the origin takes no more requests at this moment',
  'origin-closed': 'the origin gave no whole answer',
  'first-byte-timeout': 'the origin did not answer in time',
  'between-bytes-timeout': 'the origin did not answer in time',
  'total-timeout': 'the origin did not answer in time',
}

/** Fields of an answer. */
type Lines = readonly (readonly [name: string, value: string])[]

/** Answers a request with a failure. What it says of the cause is for the client; it holds no secret. */
export function answerWithFailure(reply: Reply, failure: Failure, headOnly: boolean, more: Lines = []): void {
  const body = Buffer.from(`${failure.status} ${failure.code}: ${told[failure.code] ?? failure.message}\n`)
  const fields = textFields(body)
  for (const [name, value] of more) fields.append(name, value)
  const representation = Representation.once(failure.status, fields, body)
  reply.stored(representation, headOnly, -1, 0, failure.reason, ownStatus(failure.reason))
}

function textFields(body: Uint8Array): Fields {
  return Fields.of([
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
  ])
}
