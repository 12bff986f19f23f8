// Who may connect: each address so often, whoever is banned not at all.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Admission, type AddressCount } from './admission.ts'
import { BanList } from './ban-list.ts'

function admission(
  perAddressMax: number,
  { exempt = [], ban = [] }: { exempt?: readonly string[]; ban?: readonly string[] } = {},
): Admission {
  return new Admission({ perAddressMax, exempt, bans: new BanList(ban) })
}

const isIn = (admitted: ReturnType<Admission['admit']>): admitted is AddressCount =>
  typeof admitted !== 'string'

test('an address has as many connections as it may have, others are not touched by that', () => {
  const door = admission(2)
  const first = door.admit('192.0.2.1')
  expect(isIn(door.admit('192.0.2.1'))).toBe(true)
  expect(door.admit('192.0.2.1')).toBe('per-address')
  expect(door.admit('::ffff:192.0.2.1')).toBe('per-address')
  expect(isIn(door.admit('192.0.2.2'))).toBe(true)
  door.leave(first as AddressCount)
  expect(isIn(door.admit('192.0.2.1'))).toBe(true)
})

test('the addresses of one IPv6 network are one', () => {
  const door = admission(2)
  expect(isIn(door.admit('2001:db8::1'))).toBe(true)
  expect(isIn(door.admit('2001:db8::2'))).toBe(true)
  expect(door.admit('2001:db8::ffff:3')).toBe('per-address')
  expect(isIn(door.admit('2001:db8:0:1::1'))).toBe(true)
})

test('0 lets any number in, and remembers nobody', () => {
  const door = admission(0)
  for (let i = 0; i < 1_000; i++) expect(isIn(door.admit('192.0.2.1'))).toBe(true)
  expect(door.addresses).toBe(0)
})

test('proxies are not counted', () => {
  const door = admission(1, { exempt: ['loopback', '10.0.0.0/8'] })
  for (const address of ['127.0.0.1', '10.1.2.3', '10.1.2.3', '127.0.0.1'])
    expect(isIn(door.admit(address))).toBe(true)
  expect(door.addresses).toBe(0)
})

test('who is banned does not come in, also a proxy', () => {
  const door = admission(0, { exempt: ['10.0.0.0/8'], ban: ['192.0.2.0/24', '10.0.0.1'] })
  expect(door.admit('192.0.2.9')).toBe('banned')
  expect(door.admit('10.0.0.1')).toBe('banned')
  expect(isIn(door.admit('192.0.3.9'))).toBe(true)
})

test('while memory is short nobody new comes in', () => {
  const door = admission(0, { exempt: ['10.0.0.0/8'] })
  door.isShort = true
  expect(door.admit('192.0.2.1')).toBe('memory')
  expect(door.admit('10.0.0.1')).toBe('memory')
  door.isShort = false
  expect(isIn(door.admit('192.0.2.1'))).toBe(true)
})

describe('whatever comes and goes', () => {
  const step = fc.oneof(
    fc.record({ come: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2') }),
    fc.record({ go: fc.nat(20) }),
  )

  test('no address has more than it may, and nothing is remembered of those who have gone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const door = admission(max)
        const inside: { network: string; count: AddressCount }[] = []
        for (const each of steps) {
          if ('go' in each) {
            const [gone] = inside.splice(each.go, 1)
            if (gone !== undefined) door.leave(gone.count)
            continue
          }
          const network = each.come.startsWith('2001') ? '2001' : each.come
          const there = inside.filter((other) => other.network === network).length
          const admitted = door.admit(each.come)
          expect(isIn(admitted)).toBe(there < max)
          if (isIn(admitted)) inside.push({ network, count: admitted })
        }
        expect(door.addresses).toBe(new Set(inside.map(({ network }) => network)).size)
        for (const { count } of inside) door.leave(count)
        expect(door.addresses).toBe(0)
      }),
    )
  })
})
