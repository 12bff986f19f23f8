// The octets of a request's name are those of its text.
import { expect, test } from 'bun:test'
import { readPairs } from '../../../testing/fastcgi.ts'
import { PairWriter } from './name-values.ts'
import { RequestId } from './request-id.ts'

test.each([0, 1, 35, 36, 1295, 1296, 123_456_789, Number.MAX_SAFE_INTEGER])('number %p', (number) => {
  const id = new RequestId('k3f-1', number)
  const writer = new PairWriter()
  id.writeTo(writer, Buffer.from('REQUEST_ID'))
  const pairs = readPairs(Buffer.from(writer.octets.subarray(0, writer.at)))
  expect(id.text).toBe(`k3f-1-${number.toString(36)}`)
  expect(pairs.get('REQUEST_ID')).toBe(id.text)
})
