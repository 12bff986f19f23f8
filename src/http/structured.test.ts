// Structured fields: the grammar of RFC 9651, round trips, and what is refused.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeItem,
  serializeList,
  type BareItem,
  type Item,
  type Member,
} from './structured.ts'

const item = (value: BareItem): string | undefined =>
  serializeItem({ kind: 'item', value, parameters: new Map() })
const bare = (text: string): BareItem | undefined => parseItem(text)?.value

describe('items (RFC 9651 §4.2.3)', () => {
  test.each([
    ['42', { type: 'integer', value: 42 }],
    [' -042 ', { type: 'integer', value: -42 }],
    ['-0', { type: 'integer', value: 0 }],
    ['999999999999999', { type: 'integer', value: 999_999_999_999_999 }],
    ['4.5', { type: 'decimal', value: 4.5 }],
    ['-123456789012.125', { type: 'decimal', value: -123_456_789_012.125 }],
    ['""', { type: 'string', value: '' }],
    [String.raw`"a\"b\\c"`, { type: 'string', value: String.raw`a"b\c` }],
    ['foo123/456', { type: 'token', value: 'foo123/456' }],
    ['*a:b', { type: 'token', value: '*a:b' }],
    ['?1', { type: 'boolean', value: true }],
    ['?0', { type: 'boolean', value: false }],
    ['@1659578233', { type: 'date', value: 1_659_578_233 }],
    ['%"f%c3%bc%c3%bc"', { type: 'display', value: 'füü' }],
  ] as const)('%p', (text, value) => {
    expect(bare(text)).toEqual(value)
  })

  test('bytes, with and without padding', () => {
    expect(bare(':aGVsbG8=:')).toEqual({ type: 'bytes', value: new Uint8Array(Buffer.from('hello')) })
    expect(bare(':aGVsbG8:')).toEqual({ type: 'bytes', value: new Uint8Array(Buffer.from('hello')) })
    expect(bare('::')).toEqual({ type: 'bytes', value: new Uint8Array(0) })
  })

  test.each([
    '',
    ' ',
    '-',
    '1.',
    '.1',
    '1.2345',
    '1234567890123.1',
    '1000000000000000',
    '--1',
    '"a',
    String.raw`"\x"`,
    '"é"',
    '"\t"',
    'é',
    ':a',
    ':a:',
    ':a=b:',
    ':!:',
    '?',
    '?2',
    '?true',
    '@1.5',
    '@',
    '@x',
    '%"',
    '%"%"',
    '%"%C3%BC"',
    '%"%ff"',
    '%"é"',
    '1 2',
    '1,',
    'a b',
    '&',
    '1;',
    '1;A=1',
    '1;a=',
    '(1)',
    '1\t',
  ])('refuses %p', (text) => {
    expect(parseItem(text)).toBeUndefined()
  })

  test('parameters: bare ones are true, the last of two counts', () => {
    expect([...parseItem('a;b;  c=2;b=?0')!.parameters]).toEqual([
      ['b', { type: 'boolean', value: false }],
      ['c', { type: 'integer', value: 2 }],
    ])
  })
})

describe('lists and dictionaries (§4.2.1, §4.2.2)', () => {
  test('a list of items and inner lists', () => {
    const list = parseList('a, ("x" 1;q=0.5 );p ,\t?1')!
    expect(list.map((member) => member.kind)).toEqual(['item', 'inner-list', 'item'])
    expect(serializeList(list)).toBe('a, ("x" 1;q=0.5);p, ?1')
  })

  test('a dictionary; the last of two keys counts, where the first stood', () => {
    const dictionary = parseDictionary('a=1, b;x=2, c=(1 2), a=3')!
    expect(serializeDictionary(dictionary)).toBe('a=3, b;x=2, c=(1 2)')
    expect(parseDictionary('a=?1, b=?0')!.get('a')).toEqual(parseDictionary('a')!.get('a')!)
  })

  test('empty is empty', () => {
    expect(parseList(' ')).toEqual([])
    expect(parseDictionary('')!.size).toBe(0)
  })

  test.each(['a,', ',a', 'a,,b', 'a b', '(1', '1)', '(1,2)', '("a""b")', 'a;', '(a) b'])(
    'refuses the list %p',
    (text) => {
      expect(parseList(text)).toBeUndefined()
    },
  )

  test.each(['A=1', 'a=', 'a =1', 'a= 1', 'max-age=10, &&&', '1=2', 'a,', '=1', 'a==1', 'a="1'])(
    'refuses the dictionary %p',
    (text) => {
      expect(parseDictionary(text)).toBeUndefined()
    },
  )
})

describe('serialising (§4.1)', () => {
  test('decimals are rounded to three digits, half to even', () => {
    expect(item({ type: 'decimal', value: 1 })).toBe('1.0')
    expect(item({ type: 'decimal', value: 0.0025 })).toBe('0.002')
    expect(item({ type: 'decimal', value: 0.0035 })).toBe('0.004')
    expect(item({ type: 'decimal', value: -0.0001 })).toBe('0.0')
  })

  test('what cannot be expressed is undefined', () => {
    for (const value of [
      { type: 'integer', value: 1e15 },
      { type: 'integer', value: 1.5 },
      { type: 'decimal', value: 1e12 },
      { type: 'decimal', value: Number.NaN },
      { type: 'string', value: 'é' },
      { type: 'string', value: 'a\nb' },
      { type: 'token', value: '1a' },
      { type: 'token', value: '' },
      { type: 'date', value: 0.5 },
      { type: 'display', value: '\ud800' },
    ] as const)
      expect(item(value)).toBeUndefined()
    expect(serializeDictionary(new Map([['A', parseItem('1')!]]))).toBeUndefined()
    expect(
      serializeItem({
        kind: 'item',
        value: { type: 'boolean', value: true },
        parameters: new Map([['é', bare('1')!]]),
      }),
    ).toBeUndefined()
  })
})

const bareItem: fc.Arbitrary<BareItem> = fc.oneof(
  fc
    .integer({ min: -999_999_999, max: 999_999_999_999_999 })
    .map((value) => ({ type: 'integer' as const, value })),
  fc
    .integer({ min: -99_999_999, max: 99_999_999 })
    .map((value) => ({ type: 'decimal' as const, value: value / 1000 })),
  fc
    .string({ unit: 'binary-ascii' })
    .filter((s) => /^[ -~]*$/.test(s))
    .map((value) => ({ type: 'string' as const, value })),
  fc
    .stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,8}$/)
    .map((value) => ({ type: 'token' as const, value })),
  fc.uint8Array().map((value) => ({ type: 'bytes' as const, value: new Uint8Array(value) })),
  fc.boolean().map((value) => ({ type: 'boolean' as const, value })),
  fc.integer({ min: -1e12, max: 1e12 }).map((value) => ({ type: 'date' as const, value })),
  fc
    .string({ unit: 'grapheme' })
    .filter((s) => s.isWellFormed())
    .map((value) => ({ type: 'display' as const, value })),
)
const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,6}$/)
const parameters = fc.array(fc.tuple(key, bareItem), { maxLength: 3 }).map((pairs) => new Map(pairs))
const anyItem: fc.Arbitrary<Item> = fc.record({
  kind: fc.constant('item' as const),
  value: bareItem,
  parameters,
})
const member: fc.Arbitrary<Member> = fc.oneof(
  anyItem,
  fc.record({
    kind: fc.constant('inner-list' as const),
    items: fc.array(anyItem, { maxLength: 4 }),
    parameters,
  }),
)
/** -0 and 0 are written alike. */
const same = (a: unknown, b: unknown): void => expect(JSON.stringify(flat(a))).toBe(JSON.stringify(flat(b)))
function flat(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(flat)
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? value.map(flat) : Object.entries(value).map(flat)
}

describe('properties', () => {
  test('what is serialised is parsed back', () => {
    fc.assert(
      fc.property(anyItem, fc.array(member), fc.array(fc.tuple(key, member)), (one, list, pairs) => {
        same(parseItem(serializeItem(one)!), one)
        same(parseList(serializeList(list)!), list)
        const dictionary = new Map(pairs)
        same(parseDictionary(serializeDictionary(dictionary)!), dictionary)
      }),
    )
  })

  test('the parsers never throw, and what they take can be written and read again', () => {
    const near = fc.string({ unit: fc.constantFrom(...'ab=,;()"\\?@%:*01.- \tA&f') })
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        parseItem(text)
        const list = parseList(text)
        if (list !== undefined) same(parseList(serializeList(list)!), list)
        const dictionary = parseDictionary(text)
        if (dictionary !== undefined) same(parseDictionary(serializeDictionary(dictionary)!), dictionary)
      }),
      { numRuns: 1000 },
    )
  })
})
