// What waits for the kernel: every byte, once, in order, and as it was when it was sent.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Outbox, OwnBytes, type Held } from './outbox.ts'

/** A socket that takes as many bytes per write as it is told, 0 when it is not told anything. */
class Sink {
  taken = Buffer.alloc(0)
  readonly takes: number[]
  closed = false

  constructor(...takes: number[]) {
    this.takes = takes
  }

  write(data: Uint8Array, byteOffset = 0, byteLength = data.length - byteOffset): number {
    if (this.closed) return -1
    const count = Math.min(this.takes.shift() ?? 0, byteLength)
    this.taken = Buffer.concat([this.taken, data.subarray(byteOffset, byteOffset + count)])
    return count
  }

  askDrain(): void {}

  terminate(): void {}

  get text(): string {
    return this.taken.toString('latin1')
  }
}

class Holds implements Held {
  count = 0
  hold(): void {
    this.count++
  }
  release(): void {
    this.count--
  }
}

describe('an outbox', () => {
  test('says when all has been taken, and how much waits', () => {
    const sink = new Sink(3, 1, 0, 99, 99)
    const outbox = new Outbox(sink)
    expect(outbox.send(Buffer.from('abc'))).toBe(true)
    expect(outbox.send(Buffer.from('def'))).toBe(false)
    expect(outbox.waitingBytes).toBe(2)
    expect(outbox.send(Buffer.from('ghi'))).toBe(false)
    expect(outbox.waitingBytes).toBe(5)
    expect(outbox.flush()).toBe(false)
    expect(outbox.flush()).toBe(true)
    expect(sink.text).toBe('abcdefghi')
    expect(outbox.waitingBytes).toBe(0)
  })

  test('sends the part that is asked for', () => {
    const sink = new Sink(1, 99)
    const outbox = new Outbox(sink)
    outbox.send(Buffer.from('0123456789'), 2, 6)
    outbox.flush()
    expect(sink.text).toBe('2345')
  })

  test.each([
    ['a Buffer', Buffer.from('head|body')],
    ['an Uint8Array', new Uint8Array(Buffer.from('head|body'))],
  ])('copies the first bytes of %s, because they will be overwritten', (_, bytes) => {
    for (const taken of [0, 2, 5]) {
      const sink = new Sink(taken, 99, 99)
      const outbox = new Outbox(sink)
      const sent = bytes.subarray(0)
      const own = Uint8Array.from(sent)
      const view = bytes instanceof Buffer ? Buffer.from(own) : own
      outbox.send(view, 0, 9, 5)
      view.fill(120, 0, 5)
      outbox.flush()
      expect(sink.text).toBe('head|body')
    }
  })

  test('holds what waits, and releases it when it has been taken', () => {
    const sink = new Sink(2, 1, 99)
    const outbox = new Outbox(sink)
    const source = new Holds()
    outbox.send(Buffer.from('abcdef'), 0, 6, 0, source)
    expect(source.count).toBe(1)
    outbox.flush()
    expect(source.count).toBe(1)
    outbox.flush()
    expect(source.count).toBe(0)
  })

  test('does not hold what was taken at once, nor what it copied', () => {
    const source = new Holds()
    new Outbox(new Sink(99)).send(Buffer.from('abc'), 0, 3, 0, source)
    new Outbox(new Sink(0)).send(Buffer.from('abc'), 0, 3, 3, source)
    expect(source.count).toBe(0)
  })

  test('gives back what is its own, as soon as that has been taken', () => {
    const outbox = new Outbox(new Sink(4000, 4000, 99_999))
    const bytes = Buffer.alloc(10_000, 'a')
    outbox.send(bytes, 0, bytes.length, 0, new OwnBytes(bytes))
    expect(outbox.flush()).toBe(false)
    expect(bytes.length).toBe(10_000)
    expect(outbox.flush()).toBe(true)
    expect(bytes.length).toBe(0)
  })

  test('releases everything when the socket is gone', () => {
    const sink = new Sink()
    const outbox = new Outbox(sink)
    const source = new Holds()
    for (let i = 0; i < 3; i++) outbox.send(Buffer.from('abc'), 0, 3, 0, source)
    sink.closed = true
    expect(outbox.flush()).toBe(false)
    outbox.clear()
    expect([source.count, outbox.waitingBytes]).toEqual([0, 0])
  })

  test('property: delivers exactly the bytes, in order, whatever the socket takes', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('send' as const),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
        copied: fc.nat(40),
        take: fc.nat(50),
      }),
      fc.record({ kind: fc.constant('flush' as const), takes: fc.array(fc.nat(50), { maxLength: 4 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const sink = new Sink()
        const outbox = new Outbox(sink)
        const source = new Holds()
        const expected: Uint8Array[] = []
        let sent = 0
        for (const one of steps) {
          sink.takes.length = 0
          if (one.kind === 'send') {
            const copied = Math.min(one.copied, one.bytes.length)
            const bytes = Buffer.from(one.bytes)
            expected.push(one.bytes)
            sent += bytes.length
            sink.takes.push(one.take)
            outbox.send(bytes, 0, bytes.length, copied, source)
            bytes.fill(0, 0, copied)
          } else {
            sink.takes.push(...one.takes)
            outbox.flush()
          }
          expect(outbox.waitingBytes).toBe(sent - sink.taken.length)
        }
        for (let i = 0; i < 2000 && outbox.waitingBytes > 0; i++) {
          sink.takes.push(7)
          outbox.flush()
        }
        expect(Buffer.concat(expected).equals(sink.taken)).toBe(true)
        expect([source.count, outbox.waitingBytes]).toEqual([0, 0])
      }),
    )
  })
})
