// What an authority's refusal becomes: words for the owner, and a time to come again.
import { expect, test } from 'bun:test'
import { parseRetryAfter, problemText, problemType, troubleOf } from './problem.ts'

const nowMs = Date.UTC(2026, 0, 1)
const limited = {
  type: 'urn:ietf:params:acme:error:rateLimited',
  detail: 'too many certificates',
  subproblems: [
    {
      type: 'urn:ietf:params:acme:error:caa',
      detail: 'forbidden',
      identifier: { type: 'dns', value: 'a.example' },
    },
    { type: 'about:blank' },
  ],
}

test('type, detail and the problems below it', () => {
  expect(problemType(limited)).toBe('rateLimited')
  expect(problemText(limited)).toBe(
    'rateLimited: too many certificates (a.example: caa: forbidden; about:blank)',
  )
})

test('what is no problem document gives no reason', () => {
  for (const body of [undefined, null, '<html>', 5, [], { type: 5, detail: {} }])
    expect([problemType(body), problemText(body)]).toEqual([undefined, 'no reason given'])
})

test('a stranger writes one line of bounded length', () => {
  const text = problemText({
    type: 'x',
    detail: `a\r\nmyriad: all is well\u001b[2J\u2028${'b'.repeat(2_000)}`,
  })
  expect(text).toMatch(/^x: a myriad: all is well \[2J bbb/)
  expect(text.length).toBe(500)
})

test('a refusal is the authority saying no; a failure is the authority not being able to', () => {
  expect(troubleOf(429, limited, '120', nowMs)).toMatchObject({
    kind: 'refused',
    retryAfterMs: 120_000,
    type: 'rateLimited',
    text: expect.stringContaining('the authority refused (429): rateLimited: too many certificates'),
  })
  expect(troubleOf(503, 'down', undefined, nowMs)).toMatchObject({
    kind: 'away',
    retryAfterMs: undefined,
    text: 'the authority answered 503: no reason given',
  })
})

test('Retry-After in seconds and as a date', () => {
  expect(parseRetryAfter('90', nowMs)).toBe(90_000)
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', nowMs)).toBe(60_000)
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', nowMs)).toBe(0)
  for (const value of [undefined, '', 'soon', '-5', '99999999999', 90])
    expect([value, parseRetryAfter(value, nowMs)]).toEqual([value, undefined])
})
