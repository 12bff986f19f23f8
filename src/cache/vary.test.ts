// Variants: names, keys, and which stored response is chosen.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { asked, dateAfter, storedFrom, type FieldTable } from '../../testing/exchange.ts'
import { selectVariant, variantKey, varyNames } from './vary.ts'

describe('varyNames', () => {
  test.each([
    [undefined, []],
    ['', []],
    ['Foo', ['foo']],
    ['Foo, bar ,, FOO', ['bar', 'foo']],
    ['Accept-Encoding', []],
    ['Accept-Encoding, Cookie', ['cookie']],
    ['*', 'any'],
    [', *', 'any'],
    ['Foo, *', 'any'],
    ['*, *', 'any'],
  ])('%p: %p', (vary, names) => {
    expect(varyNames(vary)).toEqual(names as never)
  })
})

const same = (names: string[], one: FieldTable, other: FieldTable): boolean =>
  variantKey(names, asked(one)) === variantKey(names, asked(other))

const alike = (one: string, other: string): boolean =>
  same(['accept-language'], { 'Accept-Language': one }, { 'Accept-Language': other })

describe('variantKey (RFC 9111 §4.1)', () => {
  test.each([
    ['lines are one list', { Foo: ['1', '2'] }, { Foo: '1, 2' }],
    ['whitespace around commas means nothing', { Foo: ' 1, 2 ' }, { Foo: '1,2' }],
    ['both absent', { Bar: '1' }, {}],
  ] as const)('the same: %s', (_, one, other) => {
    expect(same(['foo'], one, other)).toBe(true)
  })

  test.each([
    [{ Foo: '1' }, { Foo: '2' }],
    [{ Foo: '1' }, {}],
    [{ Foo: '' }, {}],
    [{ Foo: 'a' }, { Foo: 'A' }],
    [{ Foo: '1,2' }, { Foo: '2,1' }],
    [{ Foo: '"a, b"' }, { Foo: '"a,b"' }],
    [{ Foo: 'a b' }, { Foo: 'ab' }],
  ])('not the same: %j and %j', (one, other) => {
    expect(same(['foo'], one as FieldTable, other as FieldTable)).toBe(false)
  })

  test('languages: order, case and whitespace mean nothing, weights do', () => {
    expect(alike('en, de', 'de, en')).toBe(true)
    expect(alike('en, de', 'eN,  De')).toBe(true)
    expect(alike('en;q=0.5, de', 'de;q=1.0 , en ; q=0.50')).toBe(true)
    expect(alike('en;q=0.5, de', 'de;q=0.5, en')).toBe(false)
    expect(alike('en', 'en, de;q=0.1')).toBe(false)
  })

  test('cookies are those that remain', () => {
    expect(same(['cookie'], { Cookie: '_ga=1; a=1' }, { Cookie: 'a=1; _ga=2' })).toBe(true)
    expect(same(['cookie'], { Cookie: '_ga=1' }, {})).toBe(true)
    expect(same(['cookie'], { Cookie: 'a=1' }, { Cookie: 'a=2' })).toBe(false)
  })

  test('fields that Connection names are absent, as they are for the application', () => {
    expect(same(['foo'], { Foo: '1', Connection: 'foo' }, {})).toBe(true)
  })

  test('property: different values of plain fields never share a key, in any number of names', () => {
    const value = fc.option(fc.stringMatching(/^[a-z:=\-\\]{0,4}$/), { nil: undefined })
    const table = fc.record({ a: value, b: value })
    fc.assert(
      fc.property(table, table, (one, other) => {
        const fields = ({ a, b }: typeof one): FieldTable => ({
          ...(a === undefined ? {} : { a }),
          ...(b === undefined ? {} : { b }),
        })
        expect(same(['a', 'b'], fields(one), fields(other))).toBe(one.a === other.a && one.b === other.b)
      }),
    )
  })

  test('property: never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (foo, language) => {
        variantKey(['accept-language', 'foo'], asked({ Foo: foo, 'Accept-Language': language }))
      }),
    )
  })
})

const variant = (request: FieldTable, response: FieldTable) =>
  storedFrom({ 'Cache-Control': 'max-age=60', Date: dateAfter(0), ...response }, { request })

describe('selectVariant', () => {
  const one = variant({ Foo: '1' }, { Vary: 'Foo' })
  const two = variant({ Foo: '2' }, { Vary: 'Foo' })
  const plain = variant({}, {})

  test('the one that was made for such a request', () => {
    expect(selectVariant([one, two], asked({ Foo: '2' }))).toBe(two)
    expect(selectVariant([one, two], asked({ Foo: '1', Other: 'x' }))).toBe(one)
    expect(selectVariant([one, two], asked({ Foo: '3' }))).toBeUndefined()
    expect(selectVariant([one, two], asked())).toBeUndefined()
    expect(selectVariant([], asked())).toBeUndefined()
    expect(selectVariant([plain], asked({ Foo: '9' }))).toBe(plain)
  })

  test('of several the latest by Date; one that names what it was chosen by goes first', () => {
    const later = variant({ Bar: 'b' }, { Vary: 'Bar', Date: dateAfter(5) })
    expect(selectVariant([later, one], asked({ Foo: '1', Bar: 'b' }))).toBe(later)
    expect(selectVariant([one, later], asked({ Foo: '1', Bar: 'b' }))).toBe(later)
    const latestPlain = variant({}, { Date: dateAfter(9) })
    expect(selectVariant([one, latestPlain], asked({ Foo: '1' }))).toBe(one)
    expect(selectVariant([one, latestPlain], asked({ Foo: '7' }))).toBe(latestPlain)
  })

  test('a variant in the one language that is preferred, alike in all else', () => {
    const german = variant(
      { 'Accept-Language': 'en, de', Foo: '1' },
      { Vary: 'Accept-Language, Foo', 'Content-Language': 'DE' },
    )
    const select = (language: string, foo = '1') =>
      selectVariant([german], asked({ 'Accept-Language': language, Foo: foo }))
    expect(select('fr;q=0.5, de;q=1.0')).toBe(german)
    expect(select('fr;q=0.5, de;q=1.0', '2')).toBeUndefined()
    expect(select('fr, de')).toBeUndefined()
    expect(select('de;q=0.5, fr')).toBeUndefined()
    expect(select('de;q=0')).toBeUndefined()
    expect(select('*')).toBeUndefined()
  })
})
