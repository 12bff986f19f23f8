// Entity tags: comparison, lists, weakening.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { isStrong, parseEntityTags, strongMatch, weakened, weaklyListed, weakMatch } from './etag.ts'

describe('comparison (RFC 9110 §8.8.3.2)', () => {
  test.each([
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
    ['1', '1', false, true],
    ['"1"x', '"1"x', false, true],
  ])('%p and %p: strong %p, weak %p', (a, b, strong, weak) => {
    expect(strongMatch(a, b)).toBe(strong)
    expect(weakMatch(a, b)).toBe(weak)
  })

  test('weakening makes a strong tag weak, and leaves others', () => {
    expect(weakened('"a"')).toBe('W/"a"')
    expect(weakened('W/"a"')).toBe('W/"a"')
    expect(weakened('a')).toBe('a')
  })
})

describe('lists', () => {
  test('are split at commas outside quotes', () => {
    expect(parseEntityTags('"a", W/"b,c" ,, "d"')).toEqual(['"a"', 'W/"b,c"', '"d"'])
    expect(parseEntityTags(' * ')).toBe('*')
    expect(parseEntityTags('a, "b')).toEqual(['a', '"b'])
    expect(parseEntityTags('')).toEqual([])
  })

  test.each([
    ['"a"', '"a"', true],
    ['"1", "a", "2"', '"a"', true],
    ['"1", "2", W/"a"', '"a"', true],
    ['"1,a"', '"a"', false],
    ['*', '"a"', true],
    [' * ', undefined, true],
    ['"a"', undefined, false],
    ['"b"', '"a"', false],
    ['"\u00fc"', '"\u00fc"', true],
  ])('%p holds %p: %p', (value, tag, held) => {
    expect(weaklyListed(value, tag)).toBe(held)
  })

  test('property: a tag is found in any list that it is put into', () => {
    const character = fc.constantFrom(...'abcXYZ019!#,;: /*\u00ff')
    const tag = fc.string({ unit: character, maxLength: 6 }).map((text) => `"${text}"`)
    fc.assert(
      fc.property(fc.array(tag), tag, fc.array(tag), (before, sought, after) => {
        const list = [...before, sought, ...after].join(', ')
        expect(weaklyListed(list, sought)).toBe(true)
        expect(parseEntityTags(list)).toEqual([...before, sought, ...after])
        expect(isStrong(sought)).toBe(true)
      }),
    )
  })

  test('property: never throws, and ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'"W/, *a\\') }), fc.string(), (value, tag) => {
        parseEntityTags(value)
        weaklyListed(value, tag)
      }),
    )
  })
})
