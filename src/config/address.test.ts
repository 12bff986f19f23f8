// Addresses as owners write them.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parseListen, parseOrigin } from './address.ts'

test('where to listen', () => {
  expect(parseListen('http://0.0.0.0:80')).toEqual({ scheme: 'http', hostname: '0.0.0.0', port: 80 })
  expect(parseListen('http://example.com')).toEqual({ scheme: 'http', hostname: 'example.com', port: 80 })
  expect(parseListen('127.0.0.1:8080')).toEqual({ scheme: 'http', hostname: '127.0.0.1', port: 8080 })
  expect(parseListen('[::1]:8080')).toEqual({ scheme: 'http', hostname: '::1', port: 8080 })
  expect(parseListen('localhost:0')).toEqual({ scheme: 'http', hostname: 'localhost', port: 0 })
})

test('where to listen with TLS', () => {
  expect(parseListen('https://0.0.0.0:8443')).toEqual({ scheme: 'https', hostname: '0.0.0.0', port: 8443 })
  expect(parseListen('https://example.com')).toEqual({
    scheme: 'https',
    hostname: 'example.com',
    port: 443,
  })
  expect(parseListen('https://:0')).toEqual({ scheme: 'https', hostname: '127.0.0.1', port: 0 })
})

test('a port alone is opened on this machine only', () => {
  expect(parseListen(':8080')).toEqual({ scheme: 'http', hostname: '127.0.0.1', port: 8080 })
  expect(parseListen('8080')).toEqual({ scheme: 'http', hostname: '127.0.0.1', port: 8080 })
})

test('what is no address to listen on is refused', () => {
  for (const text of [
    '',
    'localhost',
    'https://',
    'ftp://a:1',
    'http://',
    'http://a/b',
    'a:70000',
    '99999',
    'a b:1',
    '::1:80',
  ])
    expect([text, parseListen(text)]).toEqual([text, undefined])
})

test('where an origin is', () => {
  expect(parseOrigin('http://App:9000')).toEqual({
    scheme: 'http',
    hostname: 'app',
    port: 9000,
    authority: 'app:9000',
  })
  expect(parseOrigin('https://[::1]/')).toEqual({
    scheme: 'https',
    hostname: '::1',
    port: 443,
    authority: '[::1]',
  })
})

test('what would be dropped in silence is refused', () => {
  for (const text of [
    'http://a/b',
    'http://a?b',
    'http://a#b',
    'http://u:p@a',
    'http://',
    'ftp://a',
    'a:80',
    'http://a:0',
    'http:a',
  ])
    expect([text, parseOrigin(text)]).toEqual([text, undefined])
})

test('any text is read or refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
      const listen = parseListen(text)
      if (listen !== undefined) expect(listen.port).toBeLessThanOrEqual(65_535)
      void parseOrigin(text)
    }),
  )
})
