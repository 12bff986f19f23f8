import { expect, test } from 'bun:test'
import { closeSync, fstatSync, openSync } from 'node:fs'
import * as fc from 'fast-check'
import { listenOn, listensAt } from './descriptors.ts'
import { handedOver, InheritedSockets } from './inherited-sockets.ts'

test('what is handed over counts from the third descriptor, with its name', () => {
  const env = { LISTEN_PID: '9', LISTEN_FDS: '3', LISTEN_FDNAMES: 'web::more' }
  expect(handedOver(env, 9)).toEqual([
    { descriptor: 3, name: 'web' },
    { descriptor: 4, name: 'unknown' },
    { descriptor: 5, name: 'more' },
  ])
  expect(handedOver({ LISTEN_PID: '9', LISTEN_FDS: '1' }, 9)).toEqual([{ descriptor: 3, name: 'unknown' }])
})

test('what is meant for another process, or is no number, is nothing', () => {
  expect(handedOver({ LISTEN_PID: '9', LISTEN_FDS: '1' }, 8)).toEqual([])
  fc.assert(
    fc.property(fc.string(), fc.string(), (count, names) => {
      const env = { LISTEN_PID: '9', LISTEN_FDS: count, LISTEN_FDNAMES: names }
      const isCount = /^\d{1,4}$/.test(count) && Number(count) <= 1024
      expect(handedOver(env, 9)).toHaveLength(isCount ? Number(count) : 0)
    }),
  )
})

const isOpen = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor) !== undefined
  } catch {
    // EBADF
    return false
  }
}

test.each(['127.0.0.1', '::1'])('sockets on %s go to their address, once', (address) => {
  const first = listenOn({ address, port: 0 }, 'first')
  const { port } = first
  const all = [first.descriptor, ...[1, 2].map(() => listenOn({ address, port }, 'further').descriptor)]
  const inherited = new InheritedSockets()
  for (const descriptor of all) inherited.add(descriptor, listensAt(descriptor)!)
  expect(inherited.take({ address, port: port - 1 }, 2)).toEqual([[], []])
  const asWritten = address === '::1' ? '0:0:0:0:0:0:0:1' : address
  expect(inherited.take({ address: asWritten, port }, 2)).toEqual([all.slice(0, 2), all.slice(2)])
  expect(inherited.take({ address, port }, 2)).toEqual([[], []])
  inherited.add(first.descriptor, listensAt(first.descriptor)!)
  inherited.closeLeft()
  expect(all.map(isOpen)).toEqual([false, true, true])
  for (const descriptor of all.slice(1)) closeSync(descriptor)
})

test('what does not listen for TCP has no address', () => {
  const file = openSync('/dev/null', 'r')
  expect(listensAt(file)).toBeUndefined()
  closeSync(file)
})
