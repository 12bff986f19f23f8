// Requests and responses as the cache's decisions take them, in few words, for their tests.
import { assert } from '../src/base/assert.ts'
import { openPolicy, type CachePolicy } from '../src/cache/policy.ts'
import { storable } from '../src/cache/storable.ts'
import type { Stored } from '../src/cache/stored.ts'
import { noBypass } from '../src/cube/y/route.ts'
import { Fields } from '../src/http/fields.ts'
import type { ResponseHead } from '../src/http/message.ts'
import { PlainRequest } from '../src/http/plain-request.ts'
import { Visit } from '../src/request/visit.ts'
import { FakeReply } from './fake-reply.ts'

/** Field names and values; a list is several lines. */
export type FieldTable = Readonly<Record<string, string | readonly string[]>>

export const targetUri = 'http://a.test/page'

/** When every response of these tests arrives; the request went out in the same millisecond. */
export const receivedMs = Date.UTC(2026, 10, 23, 12, 0, 0)

/** A time so many seconds from then, as HTTP-date. */
export const dateAfter = (seconds: number): string => new Date(receivedMs + seconds * 1000).toUTCString()

export function fieldsOf(table: FieldTable): Fields {
  const fields = new Fields()
  for (const [name, value] of Object.entries(table))
    for (const line of typeof value === 'string' ? [value] : value) fields.append(name, line)
  return fields
}

/** A request for the one target; `_ga` is an ignored cookie. */
export function asked(
  table: FieldTable = {},
  method = 'GET',
  ignoredCookie: (name: string) => boolean = (name) => name === '_ga',
  policy: CachePolicy = openPolicy,
): Visit {
  const target = { raw: '/page', pathAndQuery: '/page' }
  const view = new PlainRequest({
    method,
    scheme: 'http',
    authority: 'a.test',
    target,
    fields: fieldsOf(table),
  })
  const route = {
    name: '/*',
    service: { name: 'site', index: 0 },
    policy,
    ignoredCookie,
    ignoredParameter: undefined,
    mark: '',
    bypass: noBypass,
    rates: undefined,
    bodyBytesMax: Infinity,
    rule: undefined,
  }
  return new Visit(view, new FakeReply(), route, 0)
}

export function answered(fields: FieldTable = {}, status = 200): ResponseHead {
  return { status, reason: 'Fine', fields: fieldsOf(fields) }
}

export const policyWith = (changes: Partial<CachePolicy>): CachePolicy => ({ ...openPolicy, ...changes })

/** A stored response; fails when the response is not storable. */
export function storedFrom(
  response: FieldTable,
  about: { request?: FieldTable; status?: number; policy?: CachePolicy; method?: string } = {},
): Stored {
  const decision = storable(
    asked(about.request, about.method),
    answered(response, about.status),
    { requestMs: receivedMs, responseMs: receivedMs },
    about.policy ?? openPolicy,
    targetUri,
  )
  assert(decision.kind === 'store', `not storable: ${decision.kind === 'pass' ? decision.reason : ''}`)
  return decision.stored
}
