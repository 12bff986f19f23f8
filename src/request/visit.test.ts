// What the cache's decisions read from a request.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { asked, policyWith } from '../../testing/exchange.ts'

describe('a request', () => {
  test('tells what decisions ask for', () => {
    const facts = asked({
      Cookie: '_ga=1; a=1',
      Authorization: 'Basic x',
      'Cache-Control': ['max-age=5', 'no-cache'],
      Range: 'bytes=0-1',
      'If-Range': '"r"',
      'If-None-Match': ['"a"', '"b"'],
      'If-Modified-Since': 'x',
      'If-Unmodified-Since': 'x',
      'Accept-Encoding': ['gzip', 'br'],
    })
    expect(facts).toMatchObject({
      cookie: 'a=1',
      authorization: true,
      directives: { maxAge: 5, noCache: true },
      range: 'bytes=0-1',
      ifRange: '"r"',
      ifNoneMatch: '"a", "b"',
      ifModifiedSince: 'x',
      ifMatch: true,
      acceptEncoding: 'gzip, br',
    })
  })

  test('an ordinary request has none of it', () => {
    expect(asked({ Host: 'a.test', Accept: '*/*' })).toMatchObject({
      cookie: undefined,
      authorization: false,
      range: undefined,
      ifMatch: false,
    })
  })

  test('cookies of several lines are one list (RFC 9113 §8.2.3)', () => {
    expect(asked({ Cookie: ['a=1', '_ga=2; b=3'] }).cookie).toBe('a=1; b=3')
    const drop = policyWith({ cookies: 'drop' })
    expect(asked({ Cookie: 'a=1' }, 'GET', () => false, drop).cookie).toBeUndefined()
  })

  test('what Connection names is not there, for Vary as for the application (RFC 9110 §7.6.1)', () => {
    expect(asked({ Connection: 'close, Foo', Foo: '1', Bar: '2' }).fields.names).toEqual(['Bar'])
  })

  test('property: never throws', () => {
    const name = fc.constantFrom('Connection', 'Cookie', 'Cache-Control', 'Range', 'If-Match', 'Foo')
    fc.assert(fc.property(fc.dictionary(name, fc.oneof(fc.string(), name)), (table) => void asked(table)))
  })
})
