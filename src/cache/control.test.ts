// Whose words govern a response.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldsOf, policyWith } from '../../testing/exchange.ts'
import { governing } from './control.ts'
import { openPolicy } from './policy.ts'

describe('CDN-Cache-Control (RFC 9213)', () => {
  test('goes before Cache-Control and Expires', () => {
    const control = governing(
      200,
      fieldsOf({ 'Cache-Control': 'no-store', 'CDN-Cache-Control': 'max-age=60' }),
      openPolicy,
    )
    expect(control).toMatchObject({
      source: 'targeted',
      expires: false,
      directives: { maxAge: 60, noStore: false },
    })
  })

  test.each([
    '',
    ' ',
    'max-age=60, &&&',
    'max-age="60"',
    'max-age=60.0',
    'max-age=-1',
    'max-age',
    'max-age =60',
    'max-age= 60',
    'MaX-aGe=60',
    'no-store=1',
    'no-store=?0',
    'private=a',
    'no-cache=?0',
    'max-age=(60)',
    'public="x"',
  ])('%p is ignored whole', (targeted) => {
    const fields = fieldsOf({ 'Cache-Control': 'max-age=1', 'CDN-Cache-Control': targeted })
    expect(governing(200, fields, openPolicy)).toMatchObject({
      source: 'cache-control',
      expires: true,
      directives: { maxAge: 1 },
    })
  })

  test('parameters and directives that nobody knows are ignored (§2.1)', () => {
    const fields = fieldsOf({
      'CDN-Cache-Control': 'foo="x", bar, max-age=60;x=1, no-cache="a, b", private="c"',
    })
    expect(governing(200, fields, openPolicy).directives).toMatchObject({
      maxAge: 60,
      noCache: false,
      noCacheFields: ['a', 'b'],
      privateFields: ['c'],
    })
  })

  test('lines are one field, and the last of two values counts', () => {
    const fields = fieldsOf({ 'CDN-Cache-Control': ['max-age=60', 'max-age=70, no-store'] })
    expect(governing(200, fields, openPolicy).directives).toMatchObject({ maxAge: 70, noStore: true })
  })

  test('a seemingly endless lifetime has an end', () => {
    const fields = fieldsOf({ 'CDN-Cache-Control': 'max-age=99999999999' })
    expect(governing(200, fields, openPolicy).directives.maxAge).toBe(2 ** 31)
  })

  test('no-transform of Cache-Control binds all the same', () => {
    const fields = fieldsOf({ 'Cache-Control': 'no-transform', 'CDN-Cache-Control': 'max-age=60' })
    expect(governing(200, fields, openPolicy).directives.noTransform).toBe(true)
  })
})

describe('the owner', () => {
  const override = policyWith({ ttlSeconds: 60, override: true, cookies: 'drop' })

  test('overrides lifetimes and prohibitions, but not what is said about Authorization, fields and transforming', () => {
    const fields = fieldsOf({
      'Cache-Control': 'private, no-store, no-cache, max-age=0, no-transform, private="x"',
    })
    expect(governing(200, fields, override)).toMatchObject({
      source: 'owner',
      expires: false,
      directives: {
        maxAge: 60,
        private: false,
        noStore: false,
        noCache: false,
        public: false,
        noTransform: true,
        privateFields: ['x'],
      },
    })
  })

  test('overrides answers, not errors', () => {
    expect(governing(404, fieldsOf({}), override).source).toBe('owner')
    expect(governing(500, fieldsOf({}), override).source).toBe('cache-control')
    expect(governing(302, fieldsOf({}), override).source).toBe('cache-control')
  })
})

test('property: never throws on any field', () => {
  const near = fc.string({
    unit: fc.constantFrom('max-age', 'no-cache', '=', ',', '"', ';', '?1', '1', ' ', '(', ')', '&'),
  })
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), near, (targeted, general) => {
      governing(200, fieldsOf({ 'CDN-Cache-Control': targeted, 'Cache-Control': general }), openPolicy)
    }),
  )
})
