// Listening sockets that are handed to other processes, with the kernel's own sockets.
import { expect, test } from 'bun:test'
import { closeSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { adopt } from '../net/network.ts'
import { SystemError } from '../net/socket.ts'
import { descriptorChannel, listenOn, receiveDescriptor, sendDescriptor } from './descriptors.ts'

const ignore = (): void => undefined

/** Listens with a descriptor, as an edge does; resolves with the first bytes that come. */
function acceptOn(descriptor: number): { readonly first: Promise<string>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<string>()
  const listener = adopt(descriptor, {
    accept: (socket) => ({
      onData(octets, end) {
        resolve(octets.toString('latin1', 0, end))
        socket.end()
      },
      onDrain: ignore,
      onEnd: ignore,
      onClose: ignore,
      onFault: ignore,
    }),
    fault: ignore,
  })
  return { first: promise, stop: () => listener.stop() }
}

function say(port: number, host: string, text: string): void {
  const socket = connect({ port, host }, () => socket.end(text))
  socket.on('error', () => socket.destroy())
}

test.each(['127.0.0.1', '::1'])('a socket on %s that was handed on takes connections', async (address) => {
  const { descriptor, port } = listenOn({ address, port: 0 }, 'first')
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

/** How many descriptors the epoll instances of this process watch (proc(5)). */
function watched(): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fdinfo'))
    try {
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').match(/^tfd:/gm)?.length ?? 0
    } catch {
      // Closed meanwhile, such as the one of this folder.
    }
  return count
}

test('a listener that stops leaves nothing to be watched, though others have its socket', async () => {
  const { descriptor, port } = listenOn({ address: '127.0.0.1', port: 0 }, 'first')
  const [ours, theirs] = descriptorChannel()
  sendDescriptor(ours, descriptor)
  const received = receiveDescriptor(theirs)
  const before = watched()
  const { stop } = acceptOn(received)
  expect(watched()).toBe(before + 1)
  stop()
  expect(watched()).toBe(before)
  // It still takes connections, for whoever has it.
  const peer = connect({ port, host: '127.0.0.1' })
  await new Promise((resolve) => peer.once('connect', resolve))
  peer.destroy()
  for (const each of [descriptor, ours, theirs]) closeSync(each)
})

test('sockets share a port only when they mean to, and a foreign one is noticed', () => {
  const first = listenOn({ address: '127.0.0.1', port: 0 }, 'first')
  const again = { address: '127.0.0.1', port: first.port }
  const second = listenOn(again, 'further')
  expect(second.port).toBe(first.port)
  let code = ''
  try {
    listenOn(again, 'first')
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
    closeSync(listenOn({ address, port: 0 }, 'first').descriptor)
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
