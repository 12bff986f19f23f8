// A visitor with a WebSocket (RFC 6455): messages go out, and the same must come back; then it closes in order.
//
// Left out: messages in fragments, and those of more than 64 KB, which the application does not send.
import { createHash } from 'node:crypto'
import { pause } from '../../../bench/wait.ts'
import { realClock } from '../../../src/base/clock.ts'
import type { RawClient } from '../../../testing/raw-client.ts'
import { open, patienceMs, type Visit } from './http1-visitors.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
/** RFC 6455 §4.2.2. */
const accepted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
const opcodes = { text: 1, close: 8 } as const
const messageBytesMax = 5_000
const pauseMsMax = 250

/** One WebSocket from its handshake to its end; it is judged as one request. */
export async function converse(visit: Visit): Promise<void> {
  const { visitor, judge, random } = visit
  const opened = await open(visit)
  if (opened === undefined) return
  const { client, connection } = opened
  const sentMs = realClock.monotonicMs()
  let messages = 0
  try {
    void client.send(
      `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
    const head = await client.head(patienceMs)
    if (head.status !== 101 || head.field('sec-websocket-accept') !== accepted)
      throw new Error(`status ${head.status} in place of 101`)
    for (const times = 2 + random.below(10); messages < times && judge.going; messages++) {
      const message = Buffer.alloc(1 + random.below(messageBytesMax), `${random.below(1e6)} `)
      void client.send(frame(opcodes.text, message))
      const { opcode, payload } = await nextFrame(client)
      if (opcode !== opcodes.text || !payload.equals(message)) throw new Error('another message came back')
      await pause(random.below(pauseMsMax))
    }
    void client.send(frame(opcodes.close, Buffer.from([0x03, 0xe8])))
    const { opcode } = await nextFrame(client)
    if (opcode !== opcodes.close) throw new Error(`a frame ${opcode} in place of the close`)
    judge.pass(visitor)
  } catch (error) {
    judge.fail({ visitor, what: `WebSocket, after ${messages} messages`, sentMs, connection }, error)
  }
  client.destroy()
}

/** A frame of a client (§5.2); a mask of zeros leaves the payload as it is. */
function frame(opcode: number, payload: Buffer): Buffer {
  const short = payload.length < 126
  const head = Buffer.alloc(short ? 6 : 8)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (short ? payload.length : 126)
  if (!short) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

async function nextFrame(client: RawClient): Promise<{ opcode: number; payload: Buffer }> {
  const head = await client.bytes(2, patienceMs)
  const short = head[1]! & 0x7f
  const length = short < 126 ? short : (await client.bytes(2, patienceMs)).readUInt16BE(0)
  return { opcode: head[0]! & 0x0f, payload: await client.bytes(length, patienceMs) }
}
