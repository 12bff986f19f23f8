// The text of Cache-Status (RFC 9211).
import { expect, test } from 'bun:test'
import { reasons, type Reason } from '../base/reason.ts'
import { parseList } from '../http/structured.ts'
import { forwardedStatus, hitStatus, ownStatus } from './cache-status.ts'

test('a hit tells its remaining lifetime, which may be over', () => {
  expect(hitStatus('fresh', 53)).toBe('Myriad; hit; ttl=53; detail=fresh')
  expect(hitStatus('stale-if-error', -7)).toBe('Myriad; hit; ttl=-7; detail=stale-if-error')
})

test('what was forwarded tells why, and what came of it', () => {
  expect(forwardedStatus('miss', 'no-store', 200, false, false)).toBe(
    'Myriad; fwd=uri-miss; fwd-status=200; detail=no-store',
  )
  expect(forwardedStatus('vary-miss', 'collapsed', 200, true, true)).toBe(
    'Myriad; fwd=vary-miss; fwd-status=200; stored; collapsed; detail=collapsed',
  )
  expect(forwardedStatus('stale', 'validated', 304, true, false)).toBe(
    'Myriad; fwd=stale; fwd-status=304; stored; detail=validated',
  )
  expect(forwardedStatus('method', 'method', undefined, false, false)).toBe(
    'Myriad; fwd=method; detail=method',
  )
})

test('an answer of its own tells the reason alone', () => {
  expect(ownStatus('loop')).toBe('Myriad; detail=loop')
})

/** RFC 9211 §2.2: the registered values of fwd. */
const registered = ['bypass', 'method', 'uri-miss', 'vary-miss', 'miss', 'request', 'stale', 'partial']

test('every reason makes a structured member, with a fwd that is registered', () => {
  for (const reason of Object.keys(reasons) as Reason[]) {
    for (const text of [
      hitStatus(reason, 1),
      ownStatus(reason),
      forwardedStatus(reason, reason, 200, true, true),
    ]) {
      const list = parseList(text)
      expect(list).toHaveLength(1)
      const fwd = list![0]!.parameters.get('fwd')?.value
      if (fwd !== undefined) expect(registered).toContain(String(fwd))
    }
  }
})
