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

const list = (separator: string, length: number): string => Array.from({ length }, () => 'ab').join(separator)

const keyOf = (value: string): string =>
  variantKey(['cookie', 'foo'], asked({ Cookie: `a=${value}`, Foo: value }))

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

  test.each([
    ['a quote without an end', '"'],
    ['escapes outside quotes', '\\"'.repeat(15_000)],
    ['escapes within quotes', `"${'\\a'.repeat(15_000)}`],
    ['white space', `x${' \t'.repeat(15_000)}y`],
    ['white space and commas', `x${' ,\t'.repeat(10_000)}y`],
    ['quotes', '""'.repeat(15_000)],
  ])("takes a stranger's word as fast as it is long: %s", (_, value) => {
    const startMs = performance.now()
    for (let i = 0; i < 10; i++)
      variantKey(['foo', 'accept-language'], asked({ Foo: value, 'Accept-Language': value }))
    // A quadratic reading of 30 KB takes seconds.
    expect(performance.now() - startMs).toBeLessThan(250)
  })

  test('the lists within 1 KB are told apart in normal form, longer ones as they are', () => {
    expect(same(['foo'], { Foo: list(' , ', 100) }, { Foo: list(',', 100) })).toBe(true)
    expect(same(['foo'], { Foo: list(' , ', 1000) }, { Foo: list(',', 1000) })).toBe(false)
    expect(same(['foo'], { Foo: list(',', 1000) }, { Foo: list(',', 1000) })).toBe(true)
  })

  test('a key is short, whatever the request says, and still tells values apart', () => {
    const long = 'x'.repeat(20_000)
    expect(keyOf(long).length).toBeLessThan(256)
    expect(keyOf(long)).toBe(keyOf(long))
    expect(keyOf(long)).not.toBe(keyOf(`${long}x`))
    expect(keyOf('x'.repeat(200))).not.toBe(keyOf('x'.repeat(201)))
  })

  test.each([
    ['a , b', 'a,b', true],
    ['a ,"b , c" , d', 'a,"b , c",d', true],
    ['a , "b \\" , c"', 'a,"b \\" , c"', true],
    ['a ,, b', 'a,,b', true],
    [', a ,', ',a,', true],
    ['a , "b , c', 'a,"b , c', true],
    ['"b , c', '"b,c', false],
    ['"a\\\\" , b', '"a\\\\",b', true],
  ])('lists: %s and %s', (one, other, expected) => {
    expect(same(['foo'], { Foo: one }, { Foo: other })).toBe(expected)
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
    expect(select(`de${', fr;q=0.1'.repeat(200)}`)).toBeUndefined()
  })

  test('a variant in the one language that is preferred, alike in a long field', () => {
    const long = 'x'.repeat(5000)
    const german = variant(
      { 'Accept-Language': `en, de${', fr;q=0.1'.repeat(20)}`, Foo: long },
      { Vary: 'Accept-Language, Foo', 'Content-Language': 'de' },
    )
    const select = (foo: string) => selectVariant([german], asked({ 'Accept-Language': 'de', Foo: foo }))
    expect(select(long)).toBe(german)
    expect(select(`${long}x`)).toBeUndefined()
  })

  test('reads a field once, however many variants vary on it', () => {
    const variants = Array.from({ length: 64 }, (_, i) =>
      variant({ Foo: String(i), Bar: String(i) }, { Vary: i % 2 === 0 ? 'Foo' : `Foo, Bar, B${i}` }),
    )
    const facts = asked({ Foo: 'other', Bar: '"'.repeat(9000) })
    let reads = 0
    const get = facts.fields.get.bind(facts.fields)
    facts.fields.get = (key) => {
      if (key === 'foo' || key === 'bar') reads++
      return get(key)
    }
    expect(selectVariant(variants, facts)).toBeUndefined()
    expect(reads).toBe(2)
  })
})
