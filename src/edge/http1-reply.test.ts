// The body of an answer on its way out: framed, in order, and as it was when it was handed over, however slowly it is
// taken.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeSocket } from '../../testing/fake-socket.ts'
import { Outbox } from '../base/outbox.ts'
import { Fields } from '../http/fields.ts'
import type { ArrivedLines } from '../http/message.ts'
import { Http1Reply, type ReplyConnection } from './http1-reply.ts'

const nothing = (): void => {}

function replyTo(socket: FakeSocket): { reply: Http1Reply; outbox: Outbox } {
  const outbox = new Outbox(socket)
  const connection: ReplyConnection = {
    client: { address: '192.0.2.7', trusted: false },
    outbox,
    told: [],
    minorVersion: 1,
    keepAlive: true,
    continued: nothing,
    closeAfter: nothing,
    replied: nothing,
    broken: nothing,
    tunnelled: nothing,
    pauseBody: nothing,
    resumeBody: nothing,
    count: nothing,
  }
  return { reply: new Http1Reply(connection), outbox }
}

/** The lines of another answer. */
const lines: ArrivedLines = {
  has: () => false,
  get: () => undefined,
  first: () => undefined,
  copyTo: (into, at) => at + into.latin1Write('X: a\r\n', at),
}

const letters = (n: number): string => 'abcdefgh'[n % 8]!

test('what was handed over in parts may be overwritten at once', () => {
  const size = fc.constantFrom(1, 10, 65_535, 65_536, 65_537, 200_000)
  const room = fc.constantFrom(0, 5, 50_000, 65_540, 300_000)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(size, room), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (parts, chunked) => {
        const socket = new FakeSocket()
        const { reply, outbox } = replyTo(socket)
        // Another one's head waits in the place that they share.
        const beside = new FakeSocket()
        const other = replyTo(beside).reply
        other.forward(200, 'OK', lines, '', undefined, false)
        const bytes = parts.reduce((sum, [each]) => sum + each, 0)
        const fields = new Fields()
        reply.start({ status: 200, reason: 'OK', fields }, chunked ? undefined : bytes, true)
        let expected = 'HTTP/1.1 200 OK\r\n'
        expected += chunked ? 'Transfer-Encoding: chunked\r\n\r\n' : `Content-Length: ${bytes}\r\n\r\n`
        for (const [i, [each, roomBytes]] of parts.entries()) {
          socket.roomBytes = roomBytes
          const octets = Buffer.alloc(each + 2, letters(i))
          reply.writePart(octets, 1, each + 1)
          octets.fill('-')
          const content = letters(i).repeat(each)
          expected += chunked ? `${each.toString(16)}\r\n${content}\r\n` : content
        }
        reply.finish(undefined)
        if (chunked) expected += '0\r\n\r\n'
        other.finish(undefined)
        expect(beside.text).toBe('HTTP/1.1 200 OK\r\nX: a\r\n\r\n')
        socket.roomBytes = Infinity
        outbox.flush()
        expect(socket.text === expected).toBe(true)
        expect(outbox.waitingBytes).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})
