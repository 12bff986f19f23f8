// Who may purge: this machine and whom the owner names, and nobody who only says so.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldsOf, type FieldTable } from '../../testing/exchange.ts'
import { PurgePeers } from './purge-peers.ts'
import { TrustedPeers } from './trust.ts'

interface Setting {
  readonly from?: readonly string[]
  readonly loopback?: boolean
  readonly trust?: readonly string[]
}

const allows = (address: string, fields: FieldTable, setting: Setting = {}): boolean => {
  const { from = [], loopback = true, trust = [] } = setting
  const trusted = new TrustedPeers(trust).has(address)
  return new PurgePeers({ from, loopback }, trust).allow({ address, trusted }, fieldsOf(fields))
}

test.each([
  ['127.0.0.1', {}, true],
  ['127.0.0.2', {}, true],
  ['::1', {}, true],
  ['::ffff:127.0.0.1', {}, true],
  ['192.0.2.7', {}, false],
  ['', {}, false],
  ['127.0.0.1', { loopback: false }, false],
  ['192.0.2.7', { from: ['192.0.2.0/24'] }, true],
  ['192.0.3.7', { from: ['192.0.2.0/24'] }, false],
  ['127.0.0.1', { from: ['192.0.2.0/24'] }, true],
] as [string, Setting, boolean][])('%p with %j: %p', (address, setting, expected) => {
  expect(allows(address, {}, setting)).toBe(expected)
})

describe('what a request says of whom it is from', () => {
  const stranger = '203.0.113.9'

  test.each([
    { 'X-Forwarded-For': '127.0.0.1' },
    { Forwarded: 'for=127.0.0.1' },
    { 'X-Real-IP': '127.0.0.1' },
  ])('%j helps no stranger', (fields) => {
    expect(allows(stranger, fields)).toBe(false)
    expect(allows(stranger, fields, { trust: ['10.0.0.1'] })).toBe(false)
  })

  test.each([
    { 'X-Forwarded-For': stranger },
    { 'X-Forwarded-For': `127.0.0.1, ${stranger}` },
    { 'X-Forwarded-For': `${stranger}, 127.0.0.1` },
    { 'X-Forwarded-For': ['127.0.0.1', stranger] },
    { 'X-Forwarded-For': 'unknown' },
    { 'X-Forwarded-For': '' },
    { 'X-Real-IP': stranger },
    { 'True-Client-IP': stranger },
    { Forwarded: `for=${stranger}` },
    { Forwarded: 'for=_hidden' },
    { Forwarded: `for=127.0.0.1, proto=http;For="${stranger}:4711"` },
    { Forwarded: `for="127.0.0.1, for=${stranger}` },
    { Forwarded: 'for=127.0.0.1', 'X-Forwarded-For': stranger },
  ])('%j keeps one out whom a proxy on this machine lets through, trusted or not', (fields) => {
    for (const trust of [[], ['loopback']]) expect(allows('127.0.0.1', fields, { trust })).toBe(false)
  })

  test.each([
    { 'X-Forwarded-For': '127.0.0.1' },
    { 'X-Forwarded-For': '[::1]:80, 127.0.0.1:4711' },
    { Forwarded: 'for="[::1]";proto=http' },
    { Forwarded: 'proto=https' },
  ])('%j is somebody on this machine', (fields) => {
    expect(allows('127.0.0.1', fields)).toBe(true)
  })

  test('a trusted proxy is believed, and need not be allowed itself', () => {
    const setting = { from: ['192.0.2.7'], trust: ['10.0.0.1', '10.0.0.2'] }
    expect(allows('10.0.0.1', { 'X-Forwarded-For': '192.0.2.7' }, setting)).toBe(true)
    expect(allows('10.0.0.1', { 'X-Forwarded-For': '192.0.2.7, 10.0.0.2' }, setting)).toBe(true)
    expect(allows('10.0.0.1', { 'X-Forwarded-For': `192.0.2.7, ${stranger}` }, setting)).toBe(false)
    expect(allows('10.0.0.1', { 'X-Forwarded-For': stranger }, setting)).toBe(false)
    expect(allows('10.0.0.1', {}, setting)).toBe(false)
  })

  test('property: nothing that a stranger sends lets him in, and nothing throws', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('127.0.0.1', '::1', '"[::1]"', 'for=127.0.0.1', ',', ';', '"', 'for='),
    )
    const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(''))
    const name = fc.constantFrom('Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'True-Client-IP')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, line), { maxLength: 4 }), (lines) => {
        expect(allows(stranger, Object.fromEntries(lines), { trust: ['10.0.0.1'] })).toBe(false)
      }),
    )
  })
})
