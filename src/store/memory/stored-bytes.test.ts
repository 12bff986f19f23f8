import { expect, test } from 'bun:test'
import { AssertionError } from '../../base/assert.ts'
import { StoredBytes } from './stored-bytes.ts'

const make = () => new StoredBytes(Buffer.allocUnsafeSlow(5000).fill('x'))

test('stored bytes are freed when the store lets go of them', () => {
  const stored = make()
  stored.leave()
  expect(stored.bytes.length).toBe(0)
})

test('stored bytes stay while somebody holds them, and are freed by the last release', () => {
  const stored = make()
  stored.hold()
  stored.hold()
  stored.leave()
  stored.release()
  expect(stored.bytes.length).toBe(5000)
  stored.hold()
  stored.release()
  stored.release()
  expect(stored.bytes.length).toBe(0)
})

test('stored bytes survive their readers while the store keeps them', () => {
  const stored = make()
  stored.hold()
  stored.release()
  expect(stored.bytes.length).toBe(5000)
})

test('holding what has been freed, and releasing what nobody holds, are broken invariants', () => {
  const stored = make()
  expect(() => stored.release()).toThrow(AssertionError)
  stored.leave()
  expect(() => stored.hold()).toThrow(AssertionError)
})
