// A request in hand looks like one that a codec has read.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { RequestReader } from '../http1/request-reader.ts'
import { limitRows } from '../http1/limits.ts'
import { defaultsOf } from '../base/setting.ts'
import { knownFields } from './known-fields.ts'
import { PlainRequest, requestForUrl } from './plain-request.ts'

test('the view is that of a codec for the same head', () => {
  const name = fc.constantFrom(
    'Cookie',
    'cookie',
    'Accept-Encoding',
    'Range',
    'X-Other',
    'Via',
    'Cache-Control',
  )
  const value = fc.constantFrom('a', 'a=1; b=2', 'gzip', '')
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (lines) => {
      const text = lines.map(([key, said]) => `${key}: ${said}\r\n`).join('')
      const octets = Buffer.from(`GET /a/../%62?c HTTP/1.1\r\nHost: A.test:80\r\n${text}\r\n`)
      const read = new RequestReader(defaultsOf(limitRows))
      expect(read.read(octets, 0, octets.length)).toBe('complete')
      const plain = new PlainRequest(read.keep()())
      for (const view of [plain, read])
        expect([
          view.method,
          view.scheme,
          view.authority,
          view.rawTarget,
          view.pathAndQuery,
          view.present,
        ]).toEqual(['GET', 'http', 'a.test', '/a/../%62?c', '/b?c', read.present])
      for (const number of knownFields.keys()) expect(plain.get(number)).toBe(read.get(number))
      const without = new Set(['via'])
      expect([...plain.endToEnd(without)]).toEqual([...read.endToEnd(without)])
      expect(plain.keep()()).toEqual(read.keep()())
    }),
  )
})

describe('the request for a URL', () => {
  test.each([
    ['http://a.test/x?y#z', 'http', 'a.test', '/x?y'],
    ['HTTPS://A.test:443/x/../%79', 'https', 'a.test', '/y'],
    ['http://a.test', 'http', 'a.test', '/'],
    ['http://a.test?q', 'http', 'a.test', '/?q'],
    ['http://[::1]:8080//x', 'http', '[::1]:8080', '//x'],
    ['http://a.test/ä b', 'http', 'a.test', '/%C3%A4%20b'],
  ])('%p', (url, scheme, authority, pathAndQuery) => {
    expect(requestForUrl(url)).toMatchObject({ method: 'GET', scheme, authority, pathAndQuery })
  })

  test.each([
    '',
    '/x',
    'a.test/x',
    'ftp://a.test/',
    'http://',
    'http:///x',
    'http://u@a.test/',
    'http://a.test/%',
  ])('%p is none', (url) => {
    expect(requestForUrl(url)).toBeUndefined()
  })

  test('property: never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void requestForUrl(`http://${text}`)))
  })
})
