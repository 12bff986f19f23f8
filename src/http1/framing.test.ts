// How bodies are delimited: what RFC 9112 §6.3 says, and what is refused beyond it.
import { describe, expect, test } from 'bun:test'
import { contentLength, requestFraming, responseFraming } from './framing.ts'

const framing = (
  lines: { te?: string[]; cl?: string[] },
  status = 200,
  method = 'GET',
  minor = 1,
  lenient = false,
) => responseFraming(method, status, minor, lines.te ?? [], lines.cl ?? [], lenient)

describe('the framing of a response', () => {
  test('says nothing of a body where there is none', () => {
    for (const [status, method] of [
      [200, 'HEAD'],
      [204, 'GET'],
      [304, 'GET'],
      [103, 'GET'],
    ] as const)
      expect(framing({ cl: ['5'] }, status, method)).toEqual({ kind: 'none' })
  })

  test.each([
    [{ cl: ['5'] }, { kind: 'length', bytes: 5 }],
    [{ cl: ['0'] }, { kind: 'none' }],
    [{ cl: ['5', '5'] }, { kind: 'length', bytes: 5 }],
    [{ cl: ['5, 5'] }, { kind: 'length', bytes: 5 }],
    [{ te: ['Chunked'] }, { kind: 'chunked' }],
    [{}, { kind: 'close' }],
    [{ cl: ['5', '6'] }, 'invalid'],
    [{ cl: ['-5'] }, 'invalid'],
    [{ cl: ['5 '] }, { kind: 'length', bytes: 5 }],
    [{ cl: [''] }, 'invalid'],
    [{ te: ['chunked'], cl: ['5'] }, 'invalid'],
    [{ te: ['chunked', 'chunked'] }, 'invalid'],
    [{ te: ['gzip, chunked'] }, 'unknown-coding'],
    [{ te: ['identity'] }, 'unknown-coding'],
  ])('%j is %j', (lines, expected) => {
    expect(framing(lines)).toEqual(expected as never)
  })

  test('HTTP/1.0 knows no transfer coding', () => {
    expect(framing({ te: ['chunked'] }, 200, 'GET', 0)).toBe('invalid')
  })

  test('leniently, an unknown coding ends with chunked or with the connection', () => {
    expect(framing({ te: ['x, chunked'] }, 200, 'GET', 1, true)).toEqual({ kind: 'chunked' })
    expect(framing({ te: ['x'] }, 200, 'GET', 1, true)).toEqual({ kind: 'close' })
    expect(framing({ te: ['x'], cl: ['5'] }, 200, 'GET', 1, true)).toBe('invalid')
  })
})

test('a Content-Length is digits that can be counted', () => {
  expect(contentLength('0')).toBe(0)
  expect(contentLength('999999999999999')).toBe(999_999_999_999_999)
  for (const value of ['', ' 1', '1 ', '+1', '1.0', '0x1', '1e3', '١', '1000000000000000'])
    expect(contentLength(value)).toBeUndefined()
})

test('what two readers could read differently is no framing of a request', () => {
  const cases: [te: string[], cl: string[]][] = [
    [['chunked'], ['0']],
    [['chunked', 'identity'], []],
    [['chunked,'], []],
    [[', chunked'], []],
    [['"chunked"'], []],
    [['chunked;q=1'], []],
    [['chun ked'], []],
    [[''], []],
    [[], ['1', '1']],
    [[], ['1,1']],
    [[], ['01_0']],
  ]
  for (const [te, cl] of cases)
    expect([te, cl, requestFraming(1, te, cl)]).toSatisfy(
      (found) => typeof (found as unknown[])[2] === 'string',
    )
})
