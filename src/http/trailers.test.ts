// Which trailer fields are passed on.
import { expect, test } from 'bun:test'
import { fieldsOf } from '../../testing/exchange.ts'
import { passableTrailers } from './trailers.ts'

test('what says nothing about how to read the message is passed on', () => {
  const passed = passableTrailers(
    fieldsOf({ 'X-Sum': '1', 'Content-Digest': 'sha-256=:x:', 'Server-Timing': 'a', ETag: '"a"' }),
  )
  expect(passed?.keys).toEqual(['x-sum', 'content-digest', 'server-timing', 'etag'])
})

test.each([
  'Content-Length',
  'Transfer-Encoding',
  'Content-Type',
  'Content-Encoding',
  'Host',
  'Cookie',
  'Set-Cookie',
  'Authorization',
  'Proxy-Authenticate',
  'WWW-Authenticate',
  'Cache-Control',
  'CDN-Cache-Control',
  'Vary',
  'Age',
  'Range',
  'If-None-Match',
  'Connection',
  'Keep-Alive',
  'Upgrade',
  'TE',
  'Via',
  'Forwarded',
  'X-Forwarded-For',
  'CDN-Loop',
  'Location',
])('%s is not', (name) => {
  expect(passableTrailers(fieldsOf({ [name]: 'x' }))).toBeUndefined()
  expect(passableTrailers(fieldsOf({ [name]: 'x', A: 'b' }))?.keys).toEqual(['a'])
})

test('none stay none', () => {
  expect(passableTrailers(undefined)).toBeUndefined()
})
