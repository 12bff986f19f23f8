// Interned field names.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { fieldNumber } from '../http/known-fields.ts'
import { hashOctet } from '../http/octet-names.ts'
import { internName } from './name-table.ts'

function intern(name: string) {
  const octets = Buffer.from(`:${name}:`)
  let hash = 0
  for (const octet of octets.subarray(1, -1)) hash = hashOctet(hash, octet)
  return internName(octets, 1, octets.length - 1, hash)
}

test('a name is kept as it was spelled, with its lower case and its number', () => {
  expect(intern('X-OdD')).toMatchObject({ spelled: 'X-OdD', key: 'x-odd', number: -1 })
  expect(intern('HOST')).toMatchObject({ spelled: 'HOST', key: 'host', number: fieldNumber.host })
  expect(intern('constructor').number).toBe(-1)
  expect(intern('Host')).toBe(intern('Host'))
})

test('property: whatever was interned before, a name is itself', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[!-9;-~]{1,6}$/), { maxLength: 200 }), (names) => {
      for (const name of names) expect(intern(name).spelled).toBe(name)
    }),
  )
})
