// Asking the origin whether a stored response is still good, and what its answer changes.
import { describe, expect, test } from 'bun:test'
import {
  answered,
  asked,
  dateAfter,
  policyWith,
  receivedMs,
  storedFrom,
  type FieldTable,
} from '../../testing/exchange.ts'
import { openPolicy, type CachePolicy } from './policy.ts'
import type { Stored } from './stored.ts'
import { freshened, hasValidator, headEffect, preconditions, updatedBy } from './validate.ts'

const old = dateAfter(-1000)
const older = dateAfter(-2000)
const minute = { 'Cache-Control': 'max-age=60' }

describe('preconditions (RFC 9111 §4.3.1)', () => {
  test('the entity tag and the date of a whole response', () => {
    const both = storedFrom({ ...minute, ETag: 'W/"a"', 'Last-Modified': old })
    expect(preconditions(both)).toEqual([
      ['If-None-Match', 'W/"a"'],
      ['If-Modified-Since', old],
    ])
    expect(hasValidator(storedFrom(minute))).toBe(false)
    expect(preconditions(storedFrom({ ...minute, 'Last-Modified': 'foo' }))).toEqual([])
  })

  test('only the entity tag of a part', () => {
    const part = storedFrom(
      { ...minute, ETag: '"a"', 'Last-Modified': old, 'Content-Range': 'bytes 0-1/4' },
      { status: 206 },
    )
    expect(preconditions(part)).toEqual([['If-None-Match', '"a"']])
  })

  test("the origin's own tag, not the owner's", () => {
    const policy = policyWith({ etag: 'v1' })
    expect(preconditions(storedFrom({ ...minute, ETag: '"a"' }, { policy }))).toEqual([
      ['If-None-Match', '"a"'],
    ])
    expect(preconditions(storedFrom(minute, { policy }))).toEqual([])
  })
})

const from = (fields: FieldTable): Stored => storedFrom({ ...minute, ...fields })

const by = (candidates: Stored[], fields: FieldTable) => updatedBy(candidates, answered(fields, 304))

describe('updatedBy (§4.3.4)', () => {
  const a = from({ ETag: '"a"' })
  const alsoA = from({ ETag: '"a"', Date: dateAfter(-5) })
  const weakA = from({ ETag: 'W/"a"' })
  const b = from({ ETag: '"b"' })
  const dated = from({ 'Last-Modified': old })
  const plain = from({})

  test('a strong entity tag names all that have it', () => {
    expect(by([a, alsoA, weakA, b], { ETag: '"a"' })).toEqual([a, alsoA])
    expect(by([b], { ETag: '"a"' })).toEqual([])
    expect(by([dated], { ETag: '"a"', 'Last-Modified': old })).toEqual([])
  })

  test('a weak one the latest that matches', () => {
    expect(by([alsoA, a, b], { ETag: 'W/"a"' })).toEqual([a])
    expect(by([a, weakA], { ETag: 'W/"a"' })).toEqual([weakA])
    expect(by([b], { ETag: 'W/"a"' })).toEqual([])
  })

  test('without a tag the date counts', () => {
    expect(by([a, dated], { 'Last-Modified': old })).toEqual([dated])
    expect(by([dated], { 'Last-Modified': older })).toEqual([])
  })

  test('a 304 without validators speaks of the only one that was asked about', () => {
    expect(by([a], {})).toEqual([a])
    expect(by([plain], {})).toEqual([plain])
    expect(by([a, b], {})).toEqual([])
    expect(by([], {})).toEqual([])
  })
})

describe('freshened (§3.2)', () => {
  const laterMs = receivedMs + 100_000
  const times = { requestMs: laterMs, responseMs: laterMs }
  const update = (
    stored: Stored,
    fields: FieldTable,
    policy: CachePolicy = openPolicy,
    request: FieldTable = {},
  ) => freshened(asked(request), stored, answered(fields, 304), times, policy)
  const stored = storedFrom({
    ...minute,
    ETag: '"a"',
    Date: dateAfter(0),
    Age: '7',
    'X-Old': '1',
    'Test-Header': ['1', '2'],
    'Content-Length': '36',
    'Content-Encoding': 'x',
    'Content-Type': 'text/plain',
  })

  test('each field of the update takes the place of all lines of its name; the others stay', () => {
    const { stored: updated, keep } = update(stored, {
      'Test-Header': '3',
      'X-New': ['4', '5'],
      'Content-Type': 'text/plain;charset=utf-8',
      Date: dateAfter(100),
    })
    expect(keep).toBe(true)
    expect(updated.fields.all('test-header')).toEqual(['3'])
    expect(updated.fields.all('x-new')).toEqual(['4', '5'])
    expect(updated.fields.get('x-old')).toBe('1')
    expect(updated.fields.get('content-type')).toBe('text/plain;charset=utf-8')
    expect(stored.fields.all('test-header')).toEqual(['1', '2'])
  })

  test('but not the length, coding and range of a body that stays, nor what ends at this hop', () => {
    const { fields } = update(stored, {
      'Content-Length': '10',
      'Content-Encoding': 'y',
      'Content-Range': 'z',
      Connection: 'X-Hop, X-Old',
      'X-Hop': '1',
      'Proxy-Authenticate': '1',
      Age: '3',
    }).stored
    expect(fields.get('content-length')).toBe('36')
    expect(fields.get('content-encoding')).toBe('x')
    expect(fields.get('x-old')).toBe('1')
    for (const name of ['content-range', 'connection', 'x-hop', 'proxy-authenticate', 'age'])
      expect(fields.has(name)).toBe(false)
  })

  test('age and lifetime begin anew', () => {
    const { stored: updated } = update(stored, {
      Date: dateAfter(100),
      'Cache-Control': 'max-age=5',
      Age: '2',
    })
    expect(updated.bornMs).toBe(laterMs - 2000)
    expect(updated.freshUntilMs).toBe(laterMs + 3000)
  })

  test('an update without Date is of the time of its receipt', () => {
    const { stored: updated } = update(stored, {})
    expect(updated.dateMs).toBe(laterMs)
    expect(updated.fields.get('date')).toBe(dateAfter(100))
    expect(updated.freshUntilMs).toBe(laterMs + 60_000)
  })

  test.each([
    { 'Cache-Control': 'no-store' },
    { 'Cache-Control': 'private' },
    { 'Set-Cookie': 'a=b' },
    { Vary: '*' },
  ])('with %j it answers this request, and is not kept', (fields) => {
    const { stored: updated, keep } = update(stored, { ...fields, 'X-New': '1' } as FieldTable)
    expect(keep).toBe(false)
    expect(updated.fields.get('x-new')).toBe('1')
    expect(updated.freshUntilMs).toBeLessThanOrEqual(laterMs)
  })

  test('a variant keeps its key when another request has it updated, and gets a new one with a new Vary', () => {
    const variant = storedFrom({ ...minute, ETag: '"a"', Vary: 'Foo' }, { request: { Foo: '1' } })
    expect(update(variant, {}, openPolicy, { Foo: '2' }).stored.variant).toBe(variant.variant)
    const renamed = update(variant, { Vary: 'Bar' }, openPolicy, { Bar: '2' }).stored
    expect(renamed.vary).toEqual(['bar'])
    expect(renamed.variant).not.toBe(variant.variant)
  })

  test("the owner's tag stays, and so does the origin's under it", () => {
    const policy = policyWith({ etag: 'v1' })
    const owned = storedFrom({ ...minute, ETag: '"a"' }, { policy })
    expect(update(owned, {}, policy).stored).toMatchObject({ etag: '"v1"', originEtag: '"a"' })
    const bare = storedFrom({ ...minute, 'Last-Modified': old }, { policy })
    expect(update(bare, {}, policy).stored).toMatchObject({ etag: '"v1"', originEtag: undefined })
  })

  test('a part stays a part', () => {
    const part = storedFrom({ ...minute, ETag: '"a"', 'Content-Range': 'bytes 0-1/4' }, { status: 206 })
    expect(update(part, { ETag: '"a"' }).stored.content).toEqual(part.content)
  })
})

describe('headEffect (§4.3.5)', () => {
  const stored = storedFrom({ ...minute, ETag: '"a"', 'Last-Modified': old })
  const effect = (fields: FieldTable, status = 200) => headEffect(stored, 36, answered(fields, status))

  test('what agrees updates', () => {
    expect(effect({})).toBe('update')
    expect(effect({ ETag: '"a"', 'Last-Modified': old, 'Content-Length': '36' })).toBe('update')
  })

  test.each([
    { ETag: '"b"' },
    { ETag: 'W/"a"' },
    { 'Last-Modified': older },
    { 'Last-Modified': 'x' },
    { 'Content-Length': '10' },
  ])('%j invalidates', (fields) => {
    expect(effect(fields as FieldTable)).toBe('invalidate')
  })

  test('only a 200 says anything, about a 200', () => {
    expect(effect({ ETag: '"b"' }, 410)).toBe('none')
    const missing = storedFrom(minute, { status: 404 })
    expect(headEffect(missing, 3, answered({}))).toBe('none')
  })

  test('a length that is not known is not compared', () => {
    expect(headEffect(stored, undefined, answered({ 'Content-Length': '10' }))).toBe('update')
  })
})
