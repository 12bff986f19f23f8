// Response fields on their way to the client.
import { describe, expect, test } from 'bun:test'
import { fieldsOf, policyWith } from '../../testing/exchange.ts'
import { addVary, codable, downstreamFields } from './downstream.ts'

describe('the fields of a response', () => {
  test('tell that it came through here', () => {
    expect(downstreamFields(fieldsOf({ A: 'b' }), policyWith({})).get('via')).toBe('1.1 myriad')
    expect(downstreamFields(fieldsOf({ Via: '1.0 a, 1.1 b' }), policyWith({})).get('via')).toBe(
      '1.0 a, 1.1 b, 1.1 myriad',
    )
  })

  test('keep their cookies, unless the route drops them', () => {
    const cookies = { 'Set-Cookie': ['a=1', 'b=2'] }
    expect(downstreamFields(fieldsOf(cookies), policyWith({})).all('set-cookie')).toEqual(['a=1', 'b=2'])
    expect(downstreamFields(fieldsOf(cookies), policyWith({ cookies: 'drop' })).has('set-cookie')).toBe(false)
  })

  test.each([
    ['max-age=60, s-maxage=90', 'max-age=5'],
    ['public, max-age=60', 'public, max-age=5'],
    ['private, no-cache', 'private, max-age=5'],
    ['no-store', 'no-store, max-age=5'],
    ['stale-while-revalidate=9,, Max-Age=1', 'stale-while-revalidate=9, max-age=5'],
    [undefined, 'max-age=5'],
  ])('%p with a lifetime for browsers is %p', (control, expected) => {
    const fields = fieldsOf({ Expires: 'x', ...(control === undefined ? {} : { 'Cache-Control': control }) })
    const out = downstreamFields(fields, policyWith({ browserTtlSeconds: 5 }))
    expect([out.get('cache-control'), out.has('expires')]).toEqual([expected, false])
  })

  test('a lifetime of none has browsers ask each time', () => {
    const out = downstreamFields(fieldsOf({}), policyWith({ browserTtlSeconds: 0 }))
    expect(out.get('cache-control')).toBe('max-age=0')
  })
})

describe('Vary', () => {
  test.each([
    [undefined, 'Accept-Encoding'],
    ['Origin', 'Origin, Accept-Encoding'],
    ['accept-encoding', 'accept-encoding'],
    ['Origin,Accept-Encoding , X', 'Origin,Accept-Encoding , X'],
    ['*', '*'],
    ['X-Accept-Encoding', 'X-Accept-Encoding, Accept-Encoding'],
  ])('%p becomes %p', (before, after) => {
    const fields = fieldsOf(before === undefined ? {} : { Vary: before })
    addVary(fields)
    expect(fields.get('vary')).toBe(after)
  })
})

test('what is coded: a whole 200 of text that is long enough, or of unknown length', () => {
  const text = fieldsOf({ 'Content-Type': 'text/html' })
  expect([codable(200, text, 256), codable(200, text, undefined)]).toEqual([true, true])
  expect([codable(200, text, 255), codable(404, text, 5000), codable(206, text, 5000)]).toEqual([
    false,
    false,
    false,
  ])
})
