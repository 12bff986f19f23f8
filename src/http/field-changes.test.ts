// Changes to header fields, and what no owner may change.
import { expect, test } from 'bun:test'
import { applyChanges, mayChangeRequest, mayRemoveFromResponse, maySetInResponse } from './field-changes.ts'
import { Fields } from './fields.ts'

test('lines are removed, then set in place of all of their name', () => {
  const fields = Fields.of([
    ['A', '1'],
    ['B', '2'],
    ['a', '3'],
    ['C', '4'],
  ])
  applyChanges(fields, {
    set: [
      ['A', 'x'],
      ['D', 'y'],
    ],
    remove: ['b', 'none'],
  })
  expect([...fields]).toEqual([
    ['A', 'x'],
    ['C', '4'],
    ['D', 'y'],
  ])
})

const connection = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
  'proxy-connection',
]

test.each([
  ...connection,
  'host',
  'range',
  'if-none-match',
  'accept-encoding',
  'x-forwarded-for',
  'x-forwarded-port',
  'forwarded',
  'via',
  'proxy',
])('%s of requests is not to be changed', (key) => expect(mayChangeRequest(key)).toBe(false))

test.each([...connection, 'vary', 'etag', 'age', 'content-encoding', 'cache-status', 'date'])(
  '%s of responses is not to be changed',
  (key) => expect([mayRemoveFromResponse(key), maySetInResponse(key)]).toEqual([false, false]),
)

test('others are', () => {
  for (const key of ['authorization', 'cookie', 'x-beta']) expect(mayChangeRequest(key)).toBe(true)
  for (const key of ['cache-control', 'server', 'content-type']) expect(maySetInResponse(key)).toBe(true)
  expect([mayRemoveFromResponse('set-cookie'), maySetInResponse('set-cookie')]).toEqual([true, false])
})
