// Primary keys.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { primaryKey, queryKey, targetKeyOf } from './key.ts'

test('scheme, authority, path and query are the key', () => {
  expect(primaryKey('https', 'a.test:8443', '/p?q=1')).toBe('https://a.test:8443/p?q=1')
})

const bytes = (text: string): Uint8Array => Buffer.from(text)

describe('QUERY (RFC 10008)', () => {
  const target = primaryKey('http', 'a.test', '/search')

  test('the content and what tells how to read it are the key', () => {
    const keys = [
      queryKey(target, 'text/plain', undefined, bytes('x')),
      queryKey(target, 'text/plain', undefined, bytes('y')),
      queryKey(target, 'text/html', undefined, bytes('x')),
      queryKey(target, 'text/plain', 'gzip', bytes('x')),
      queryKey(target, undefined, 'text/plain', bytes('x')),
      queryKey(target, undefined, undefined, bytes('x')),
      queryKey(target, '', undefined, bytes('x')),
      queryKey(primaryKey('http', 'b.test', '/search'), 'text/plain', undefined, bytes('x')),
      target,
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(queryKey(target, 'text/plain', undefined, bytes('x'))).toBe(keys[0]!)
  })

  test('knows its target', () => {
    expect(targetKeyOf(queryKey(target, undefined, undefined, bytes('')))).toBe(target)
    expect(targetKeyOf(target)).toBe(target)
  })

  test('property: type, coding and content cannot be shifted into one another', () => {
    const text = fc.option(fc.stringMatching(/^[0-9:\-a]{0,4}$/), { nil: undefined })
    const question = fc.record({ type: text, coding: text, content: fc.stringMatching(/^[0-9:\-\na]{0,4}$/) })
    fc.assert(
      fc.property(question, question, (one, other) => {
        const key = ({ type, coding, content }: typeof one): string =>
          queryKey(target, type, coding, bytes(content))
        expect(key(one) === key(other)).toBe(
          JSON.stringify([one.type ?? null, one.coding ?? null, one.content]) ===
            JSON.stringify([other.type ?? null, other.coding ?? null, other.content]),
        )
      }),
    )
  })
})
