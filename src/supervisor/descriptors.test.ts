// Listening sockets that are handed to other processes, with the kernel's own sockets.
import { expect, test } from 'bun:test'
import { closeSync } from 'node:fs'
import { connect } from 'node:net'
import { descriptorChannel, listenOn, receiveDescriptor, sendDescriptor, SystemError } from './descriptors.ts'

/** Listens with a descriptor, as an edge does; resolves with the first bytes that come. */
function acceptOn(descriptor: number): { readonly first: Promise<string>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<string>()
  const listener = Bun.listen({
    fd: descriptor,
    socket: { data: (socket: { end(): void }, data: Buffer) => (resolve(data.toString()), socket.end()) },
  } as unknown as Parameters<typeof Bun.listen>[0])
  return { first: promise, stop: () => listener.stop(true) }
}

function say(port: number, host: string, text: string): void {
  const socket = connect({ port, host }, () => socket.end(text))
  socket.on('error', () => socket.destroy())
}

test.each(['127.0.0.1', '::1'])('a socket on %s that was handed on takes connections', async (address) => {
  const { descriptor, port } = listenOn({ address, port: 0 }, false)
  const [ours, theirs] = descriptorChannel()
  sendDescriptor(ours, descriptor)
  const received = receiveDescriptor(theirs)
  expect(received).not.toBe(descriptor)
  // Connected while nobody accepts, and with the first holder gone: it waits in the socket's queue.
  say(port, address, 'hello')
  closeSync(descriptor)
  const { first, stop } = acceptOn(received)
  expect(await first).toBe('hello')
  stop()
  closeSync(ours)
  closeSync(theirs)
})

test('sockets share a port only when they mean to, and a foreign one is noticed', () => {
  const first = listenOn({ address: '127.0.0.1', port: 0 }, false)
  const again = { address: '127.0.0.1', port: first.port }
  const second = listenOn(again, true)
  expect(second.port).toBe(first.port)
  let code = ''
  try {
    listenOn(again, false)
  } catch (error) {
    code = (error as SystemError).code
  }
  expect(code).toBe('EADDRINUSE')
  closeSync(first.descriptor)
  closeSync(second.descriptor)
})

/** What listening on an address is refused with. */
const codeOf = (address: string): string => {
  try {
    closeSync(listenOn({ address, port: 0 }, false).descriptor)
    return 'listens'
  } catch (error) {
    return (error as SystemError).code
  }
}

test('what cannot be listened on is said by its code', () => {
  expect(codeOf('192.0.2.1')).toBe('EADDRNOTAVAIL')
  expect(codeOf('localhost')).toBe('EINVAL')
  expect(codeOf('fe80::1%lo')).toBe('EINVAL')
})

test('an empty channel holds no descriptor', () => {
  const [ours, theirs] = descriptorChannel()
  expect(() => receiveDescriptor(theirs)).toThrow(SystemError)
  closeSync(ours)
  // Nor one whose other end is gone.
  expect(() => receiveDescriptor(theirs)).toThrow(SystemError)
  closeSync(theirs)
})
