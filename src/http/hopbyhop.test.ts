// Hop-by-hop fields.
import { describe, expect, test } from 'bun:test'
import { Fields } from './fields.ts'
import { connectionOptions, endToEnd, isHopByHop } from './hopbyhop.ts'

describe('endToEnd (RFC 9110 §7.6.1)', () => {
  test('removes what ends at this hop, and what Connection names, in any case', () => {
    const fields = Fields.of([
      ['Host', 'a.test'],
      ['Connection', 'keep-alive, X-Private'],
      ['connection', 'Upgrade,, HTTP2-Settings'],
      ['Keep-Alive', 'timeout=5'],
      ['X-PRIVATE', '1'],
      ['x-private', '2'],
      ['Upgrade', 'h2c'],
      ['TE', 'trailers'],
      ['Transfer-Encoding', 'chunked'],
      ['Proxy-Connection', 'keep-alive'],
      ['Accept', '*/*'],
    ])
    expect([...endToEnd(fields)]).toEqual([
      ['Host', 'a.test'],
      ['Accept', '*/*'],
    ])
    expect(fields.length).toBe(11)
  })

  test('close and keep-alive name no field', () => {
    const fields = Fields.of([['Connection', 'close, Keep-Alive, foo ']])
    expect(connectionOptions(fields)).toEqual(['foo'])
    expect(connectionOptions(new Fields())).toEqual([])
  })

  test('knows the names that need not be listed', () => {
    expect(isHopByHop('transfer-encoding')).toBe(true)
    expect(isHopByHop('cache-control')).toBe(false)
  })
})
