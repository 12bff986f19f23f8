// What an unsafe request invalidates.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { answered, fieldsOf, type FieldTable } from '../../testing/exchange.ts'
import { invalidatedKeys, invalidates, keysOfBothSchemes, resolvedKey } from './invalidate.ts'

describe('invalidates (RFC 9111 §4.4)', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'get', 'NEW'])(
    '%s: after what is no error',
    (method) => {
      for (const status of [200, 201, 204, 301, 303]) expect(invalidates(method, status)).toBe(true)
      for (const status of [100, 400, 404, 500, 503]) expect(invalidates(method, status)).toBe(false)
    },
  )

  test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND'])('%s: never', (method) => {
    expect(invalidates(method, 200)).toBe(false)
  })
})

const keys = (fields: FieldTable): readonly string[] =>
  invalidatedKeys(
    {
      method: 'POST',
      scheme: 'http',
      authority: 'a.test',
      target: { raw: '/shop/cart?x=1', pathAndQuery: '/shop/cart?x=1' },
      fields: fieldsOf({}),
    },
    answered(fields),
  ).map((key) => key.replace('http://a.test', ''))

describe('invalidatedKeys', () => {
  test('the target itself', () => {
    expect(keys({})).toEqual(['/shop/cart?x=1'])
  })

  test('Location and Content-Location of the same origin, in normal form', () => {
    expect(keys({ Location: '/orders/1', 'Content-Location': 'cart/../items?y=%7E' })).toEqual([
      '/shop/cart?x=1',
      '/orders/1',
      '/shop/items?y=%7E',
    ])
    expect(keys({ Location: 'http://A.test:80/%7ejoe#part' })).toEqual(['/shop/cart?x=1', '/~joe'])
  })

  test.each([
    'https://a.test/x',
    'http://b.test/x',
    'http://a.test:8080/x',
    '//b.test/x',
    'http://[',
    'ftp://a.test/x',
    'data:x',
  ])('not %s, which is of another origin or of none', (location) => {
    expect(keys({ Location: location })).toEqual(['/shop/cart?x=1'])
  })

  test('property: never throws, and never leaves the origin', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (reference) => {
        const key = resolvedKey('http://a.test/x', reference)
        expect(key === undefined || key.startsWith('http://a.test/')).toBe(true)
      }),
    )
  })
})

test.each([
  ['http://a.test/x?y', 'https://a.test/x?y'],
  ['https://a.test/', 'http://a.test/'],
  ['http://a.test:8080/x', 'https://a.test:8080/x'],
  ['http://a.test:443/x', 'https://a.test/x'],
  ['https://a.test:80/x', 'http://a.test/x'],
  ['http://[::1]:81/x', 'https://[::1]:81/x'],
  ['http:///x', 'https:///x'],
])('%s is also %s', (key, other) => {
  expect(keysOfBothSchemes(key)).toEqual([key, other])
})
