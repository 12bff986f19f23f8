// Whatever reads a stranger's bytes takes time in proportion to their number: one long field must not stop the process.
// Every parser reads every hostile text, eight times as long as a head may be by default, so that a step per pair of
// characters shows in tenths of a second, and the best of three runs counts, so that a busy machine does not.
import { describe, expect, test } from 'bun:test'
import { asked, fieldsOf } from '../../testing/exchange.ts'
import { requestDirectives, responseDirectives } from '../../src/cache/directives.ts'
import { openPolicy } from '../../src/cache/policy.ts'
import { variantKey, varyNames } from '../../src/cache/vary.ts'
import { forwarded } from '../../src/edge/trust.ts'
import { normalAuthority } from '../../src/http/authority.ts'
import { compressible, negotiateCoding } from '../../src/http/coding.ts'
import { ifRangeHolds, notModified } from '../../src/http/conditional.ts'
import { cookieMatcher, hasCookie, withoutCookies } from '../../src/http/cookies.ts'
import { connectionOptions } from '../../src/http/hopbyhop.ts'
import { fieldBit } from '../../src/http/known-fields.ts'
import { parseContentRange, parseRange } from '../../src/http/range.ts'
import type { RequestView } from '../../src/http/request-view.ts'
import { parseDictionary, parseItem, parseList } from '../../src/http/structured.ts'
import { normalTarget } from '../../src/http/target.ts'
import { requestFraming, responseFraming } from '../../src/http1/framing.ts'
import { addVary, downstreamFields } from '../../src/request/downstream.ts'

const LENGTH = 262_144
const LINEAR_MS = 250

const ignored = cookieMatcher(['_ga', '_g*', '*_x', 'a*b*', 'mp_*_mixpanel'])
const validators = { etag: '"v"', lastModifiedMs: 0, dateMs: 0 }
const facts = (value: string) =>
  asked({ Foo: value, 'Accept-Language': value, Cookie: value, Connection: value }, 'GET', ignored)
const view = (value: string) =>
  ({
    present: fieldBit.forwarded | fieldBit['x-forwarded-proto'],
    scheme: 'http',
    get: () => value,
  }) as unknown as RequestView

const parsers: readonly (readonly [name: string, read: (value: string) => unknown])[] = [
  ['Vary, as a request field', (value) => variantKey(['foo', 'accept-language', 'cookie'], facts(value))],
  ['Vary', varyNames],
  ['Cache-Control of requests', requestDirectives],
  ['Cache-Control of responses', responseDirectives],
  ['Cookie, without the ignored', (value) => withoutCookies(value, ignored)],
  ['Cookie, whether there is one', (value) => hasCookie(value, ignored)],
  ['Forwarded', (value) => forwarded(view(value))],
  ['Host', (value) => normalAuthority(value, 'http')],
  ['Accept-Encoding', negotiateCoding],
  ['Content-Type', compressible],
  ['If-None-Match', (value) => notModified(value, undefined, validators, 0)],
  ['If-Modified-Since', (value) => notModified(undefined, value, validators, 0)],
  ['If-Range', (value) => ifRangeHolds(value, validators, 0)],
  ['Connection', (value) => connectionOptions(fieldsOf({ Connection: value }))],
  ['Range', parseRange],
  ['Content-Range', parseContentRange],
  ['CDN-Loop', parseList],
  ['CDN-Cache-Control', parseDictionary],
  ['an item', parseItem],
  ['the target', (value) => normalTarget(`/${value}`)],
  ['Transfer-Encoding', (value) => requestFraming(1, [value], [])],
  ['Transfer-Encoding of responses', (value) => responseFraming('GET', 200, 1, [value], [], true)],
  ['Content-Length', (value) => responseFraming('GET', 200, 1, [], [value], true)],
  [
    'Cache-Control, towards browsers',
    (value) =>
      downstreamFields(fieldsOf({ 'Cache-Control': value }), { ...openPolicy, browserTtlSeconds: 1 }),
  ],
  ['Vary, towards browsers', (value) => addVary(fieldsOf({ Vary: value }))],
]

/** A start, what is repeated, and an end that does not fit. */
const texts: readonly (readonly [start: string, repeated: string, end: string])[] = [
  ['', ',', ''],
  ['', 'a,', ''],
  ['', 'a;', ''],
  ['', ';q=0', ''],
  ['', 'a;q=0.1, ', 'b'],
  ['', ' ', 'x'],
  ['x', ' \t', 'x'],
  ['a=', ' ', '"'],
  ['', ' , ', 'x'],
  ['', ';  ', ''],
  ['', '"', ''],
  ['', String.raw`\"`, ''],
  ['"', String.raw`\"`, ''],
  ['"', String.raw`\a`, ''],
  ['', String.raw`a="\",`, ''],
  ['', '="', ''],
  ['', 'proto="x;', ''],
  ['', '"a', ',x'],
  ['', 'W/', ''],
  ['', '_ga=1; ', 'x'],
  ['', 'ab', '='],
  ['', '_x', ''],
  ['mp_', '_mixpane', ''],
  ['', '(', ''],
  ['(', 'a ', ''],
  ['', 'a;a', ''],
  [':', '=', ':'],
  ['', '1', ''],
  ['', '1.', ''],
  ['%"', '%aa', ''],
  ['bytes=', '0-1,', ''],
  ['bytes=', '1', '-'],
  ['bytes ', '1', '-2/3'],
  ['', '/.', ''],
  ['', '../', ''],
  ['', '%2e/', ''],
  ['', '%', ''],
  ['[', ':', ']'],
  ['', 'a.', ':'],
  ['', '+', 'x'],
  ['text/', '+json', 'x'],
  ['', 'chunked,', ''],
  ['', 'close,', ''],
]

/** The quickest of three, milliseconds. */
function quickest(run: () => unknown): number {
  let best = Infinity
  for (let i = 0; i < 3 && best > LINEAR_MS; i++) {
    const startMs = performance.now()
    run()
    best = Math.min(best, performance.now() - startMs)
  }
  return best
}

describe.each(parsers)('%s', (_, read) => {
  test('is read in time that grows with its length', () => {
    const slow = texts.flatMap(([start, repeated, end]) => {
      const value = start + repeated.repeat(LENGTH / repeated.length) + end
      const ms = quickest(() => read(value))
      return ms > LINEAR_MS ? [`${start}|${repeated}|${end}: ${Math.round(ms)} ms`] : []
    })
    expect(slow).toEqual([])
  })
})
