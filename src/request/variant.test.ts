// What a stored response takes in memory.
import { expect, test } from 'bun:test'
import { storedFrom, type FieldTable } from '../../testing/exchange.ts'
import { openPolicy } from '../cache/policy.ts'
import { StoredBytes } from '../store/memory/stored-bytes.ts'
import { HEADROOM } from './representation.ts'
import { Variant } from './variant.ts'

function heapBytes(request: FieldTable, names: string): number {
  const stored = storedFrom({ 'Cache-Control': 'max-age=60', Vary: names }, { request })
  return new Variant(stored, openPolicy, new StoredBytes(new Uint8Array(HEADROOM))).heapBytes
}

test('its key among the variants counts', () => {
  const short = heapBytes({ Foo: '1' }, 'Foo')
  expect(heapBytes({ Foo: 'x'.repeat(101) }, 'Foo')).toBe(short + 100)
})

test('a long field of the request does not make the stored response large', () => {
  expect(heapBytes({ Foo: 'x'.repeat(30_000) }, 'Foo')).toBeLessThan(heapBytes({ Foo: '1' }, 'Foo') + 100)
})
