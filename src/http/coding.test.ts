// Content codings: what a client takes, what gains.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { compressible, negotiateCoding } from './coding.ts'

describe('negotiateCoding (RFC 9110 §12.5.3)', () => {
  test.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['deflate', 'identity'],
    ['gzip;q=1.0, br;q=0.8, *;q=0.1', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000', 'identity'],
    ['*', 'gzip'],
    ['*;q=0', 'identity'],
    ['identity', 'identity'],
    ['identity;q=1, gzip;q=0.5', 'identity'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', 'identity'],
    ['identity;q=0, *;q=0', 'identity'],
    [' gzip ; q=0.5 , br ; Q=0.4', 'gzip'],
    ['gzip;q=2', 'identity'],
    ['gzip;q=x', 'identity'],
  ] as const)('%p: %p', (acceptEncoding, coding) => {
    expect(negotiateCoding(acceptEncoding)).toBe(coding)
  })

  test('property: never throws, and chooses only what is offered', () => {
    const near = fc.string({
      unit: fc.constantFrom('gzip', 'br', 'zstd', 'identity', '*', ';q=', '0', '1', '.', ',', ' '),
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        expect(['zstd', 'br', 'gzip', 'identity']).toContain(negotiateCoding(text))
      }),
    )
  })
})

describe('compressible', () => {
  test.each([
    'text/html',
    'text/html; charset=utf-8',
    'TEXT/CSS',
    'application/json',
    'application/ld+json',
    'application/javascript',
    'image/svg+xml',
    'application/wasm',
    'font/ttf',
    'application/atom+xml',
  ])('%p', (type) => {
    expect(compressible(type)).toBe(true)
  })

  test.each([
    undefined,
    '',
    'image/png',
    'image/avif',
    'video/mp4',
    'font/woff2',
    'application/zip',
    'application/pdf',
    'application/octet-stream',
    'text/event-stream',
  ])('not %p', (type) => {
    expect(compressible(type)).toBe(false)
  })
})
