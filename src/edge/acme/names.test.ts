// Which names certificates are got for.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { allows, hostOf, isCertifiable } from './names.ts'

test('DNS names with a dot, and one whole label *, at the beginning', () => {
  for (const name of [
    'example.com',
    'www.xn--bcher-kva.example',
    '*.example.com',
    'a-1.b2.example',
    '1.example',
  ])
    expect([name, isCertifiable(name)]).toEqual([name, true])
  const none = [
    '',
    'localhost',
    '10.0.0.1',
    '[::1]',
    'a_b.example',
    'Example.com',
    'a..example',
    '.example',
    'a.example.',
  ]
  for (const name of [
    ...none,
    '-a.example',
    'a-.example',
    '*',
    '*.*.example',
    'a*.example',
    'a.*.example',
    '../a.example',
  ])
    expect([name, isCertifiable(name)]).toEqual([name, false])
  expect(isCertifiable(`${'a'.repeat(64)}.example`)).toBe(false)
  expect(isCertifiable(`${'a.'.repeat(124)}example`)).toBe(false)
})

test('a pattern allows itself, or exactly one label', () => {
  expect(allows('a.example', 'a.example')).toBe(true)
  expect(allows('*.example.com', 'a.example.com')).toBe(true)
  for (const name of ['example.com', 'a.b.example.com', '.example.com', 'a.example.org', 'aexample.com', ''])
    expect([name, allows('*.example.com', name)]).toEqual([name, false])
})

test('the host of an authority', () => {
  expect([hostOf('a.example'), hostOf('a.example:8080'), isCertifiable(hostOf('[::1]:80'))]).toEqual([
    'a.example',
    'a.example',
    false,
  ])
})

test('property: what is certifiable is a file name, and nothing else on any system', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      if (isCertifiable(text)) expect(text).toMatch(/^[a-z0-9.*-]+$/)
    }),
  )
})
