// Whose word on forwarding is believed, and what it says.
import { describe, expect, test } from 'bun:test'
import { defaultsOf } from '../base/setting.ts'
import { limitRows } from '../http1/limits.ts'
import { RequestReader } from '../http1/request-reader.ts'
import { forwarded, TrustedPeers } from './trust.ts'

describe('trusted peers', () => {
  test.each([
    [[], '127.0.0.1', false],
    [['192.0.2.7'], '192.0.2.7', true],
    [['192.0.2.7'], '192.0.2.8', false],
    [['192.0.2.0/24'], '192.0.2.200', true],
    [['192.0.2.0/24'], '192.0.3.1', false],
    [['192.0.2.7'], '::ffff:192.0.2.7', true],
    [['192.0.2.7'], '::FFFF:192.0.2.7', true],
    [['2001:db8::/32'], '2001:db8:1::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['loopback'], '127.9.9.9', true],
    [['loopback'], '::1', true],
    [['loopback'], '10.0.0.1', false],
    [['private'], '172.31.0.1', true],
    [['private'], '172.32.0.1', false],
    [['private'], 'fd00::1', true],
    [['private'], '192.0.2.1', false],
    [['private', '192.0.2.1'], '192.0.2.1', true],
    [['0.0.0.0/0'], 'no address', false],
  ] as [string[], string, boolean][])('%j, %s: %p', (ranges, address, trusted) => {
    expect(new TrustedPeers(ranges).has(address)).toBe(trusted)
  })
})

function said(lines: string): unknown {
  const octets = Buffer.from(`GET / HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n`)
  const reader = new RequestReader(defaultsOf(limitRows))
  expect(reader.read(octets, 0, octets.length)).toBe('complete')
  return forwarded(reader)
}

describe('what a proxy says', () => {
  test.each([
    ['', undefined],
    ['X-Forwarded-Proto: https\r\n', { scheme: 'https', authority: undefined }],
    ['X-Forwarded-Host: B.test:443\r\n', { scheme: undefined, authority: 'b.test:443' }],
    [
      'X-Forwarded-Proto: https\r\nX-Forwarded-Host: B.test:443\r\n',
      { scheme: 'https', authority: 'b.test' },
    ],
    [
      'X-Forwarded-Proto: http, HTTPS\r\nX-Forwarded-Host: b.test, c.test\r\n',
      { scheme: 'https', authority: 'c.test' },
    ],
    ['Forwarded: for=192.0.2.1;proto=https;host=b.test\r\n', { scheme: 'https', authority: 'b.test' }],
    [
      'Forwarded: For="[::1]"; Host="b.test:8080" ;Proto=http\r\n',
      { scheme: 'http', authority: 'b.test:8080' },
    ],
    [
      'Forwarded: host=b.test;proto=https, for=1\r\nX-Forwarded-Proto: http\r\n',
      { scheme: 'http', authority: undefined },
    ],
    ['Forwarded: proto=https\r\nX-Forwarded-Proto: http\r\n', { scheme: 'https', authority: undefined }],
    ['X-Forwarded-Proto: ftp\r\nX-Forwarded-Host: a b\r\n', { scheme: undefined, authority: undefined }],
    ['X-Forwarded-For: 1.2.3.4\r\n', { scheme: undefined, authority: undefined }],
  ])('%p is %j', (lines, expected) => {
    expect(said(lines)).toEqual(expected as never)
  })
})
