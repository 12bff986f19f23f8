// What is stored under one key.
import { describe, expect, test } from 'bun:test'
import { storedFrom } from '../../testing/exchange.ts'
import { openPolicy } from '../cache/policy.ts'
import { KeyEntry } from './key-entry.ts'
import { withHeadroom } from './representation.ts'
import { Variant } from './variant.ts'

const made = (kind: string | undefined, bodyBytes = 5000): Variant => {
  const vary = kind === undefined ? undefined : 'X-Kind'
  const stored = storedFrom(
    { 'Cache-Control': 'max-age=60', ...(vary === undefined ? {} : { Vary: vary }) },
    { request: kind === undefined ? {} : { 'X-Kind': kind } },
  )
  return new Variant(stored, openPolicy, withHeadroom([Buffer.alloc(bodyBytes, 'x')], bodyBytes))
}
const isFreed = (variant: Variant): boolean => variant.identity.source!.bytes.length === 0

describe('an entry', () => {
  test('has one variant for the same request fields: the last', () => {
    const entry = new KeyEntry('key', '')
    const [first, second] = [made('a'), made('a')]
    entry.put(first, 9)
    entry.put(second, 9)
    expect(entry.variants).toEqual([second])
    expect(entry.stored).toEqual([second.stored])
    expect([isFreed(first), isFreed(second)]).toEqual([true, false])
  })

  test('has so many at most: the oldest goes', () => {
    const entry = new KeyEntry('key', '')
    const all = ['a', 'b', 'c', 'd'].map((kind) => made(kind))
    for (const variant of all) entry.put(variant, 3)
    expect(entry.variants).toEqual(all.slice(1))
    expect(all.map(isFreed)).toEqual([true, false, false, false])
  })

  test('finds a variant by its metadata, also after an update', () => {
    const entry = new KeyEntry('key', '')
    const variants = [made('a'), made('b')]
    for (const variant of variants) entry.put(variant, 3)
    const updated = { ...variants[1]!.stored, receivedMs: 7 }
    variants[1]!.update(updated)
    entry.changed()
    expect(entry.of(updated)).toBe(variants[1]!)
    expect(entry.of(made('c').stored)).toBeUndefined()
  })

  test('lets go of one, or of all', () => {
    const entry = new KeyEntry('key', '')
    const variants = [made('a'), made('b'), made('c')] as const
    for (const variant of variants) entry.put(variant, 3)
    entry.remove(variants[1])
    entry.remove(variants[1])
    expect(entry.variants).toEqual([variants[0], variants[2]])
    entry.leave()
    entry.leave()
    expect([entry.variants, entry.stored]).toEqual([[], []])
    expect(variants.every(isFreed)).toBe(true)
  })

  test('costs what its variants cost', () => {
    const entry = new KeyEntry('key', '')
    const empty = entry.cost
    entry.put(made('a', 10_000), 3)
    const one = entry.cost
    expect(one.bufferBytes).toBeGreaterThanOrEqual(10_000)
    expect(one.heapBytes).toBeGreaterThan(empty.heapBytes)
    entry.put(made('b', 10_000), 3)
    expect(entry.cost.bufferBytes).toBe(2 * one.bufferBytes)
  })
})
