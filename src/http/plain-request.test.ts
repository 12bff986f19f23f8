// The request that a URL stands for; that its view is like a codec's is tested with the codec.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { requestForUrl } from './plain-request.ts'

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
