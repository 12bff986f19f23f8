// The two views of a request, of octets and of a head in hand, show the same.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { defaultsOf } from '../base/setting.ts'
import { knownFields } from '../http/known-fields.ts'
import { PlainRequest } from '../http/plain-request.ts'
import { limitRows } from './limits.ts'
import { RequestReader } from './request-reader.ts'

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
