// A writer between a buffer and a destination in the test's hand.
import { expect, test } from 'bun:test'
import { FakeClock } from '../../testing/fake-clock.ts'
import { LineBuffer } from './line-buffer.ts'
import type { LogDestination } from './log-file.ts'
import { LogWriter } from './log-writer.ts'

class Destination implements LogDestination {
  readonly name = 'the log'
  written = ''
  readies = 0
  reopened = 0
  closed = false
  /** What the next writes do: take so many bytes, or fail with a code; all, when nothing is said. */
  readonly next: (number | string)[] = []
  /** What `ready` throws. */
  absent: string | undefined

  async ready(): Promise<void> {
    this.readies++
    if (this.absent !== undefined) throw Object.assign(new Error(this.absent), { code: this.absent })
  }

  async write(bytes: Buffer, from: number, to: number): Promise<number> {
    const step = this.next.shift() ?? to - from
    if (typeof step === 'string') throw Object.assign(new Error(step), { code: step })
    const taken = Math.min(step, to - from)
    this.written += bytes.toString('latin1', from, from + taken)
    return taken
  }

  reopen(): void {
    this.reopened++
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

function setUp(size = 64) {
  const clock = new FakeClock()
  const buffer = new LineBuffer(size)
  const destination = new Destination()
  const problems: string[] = []
  const writer = new LogWriter({
    buffer,
    destination,
    timers: clock,
    flushMs: 1000,
    problem: (text) => problems.push(text),
  })
  const line = (text: string): boolean => {
    const added = buffer.add(text.length, (what: string, into, at) => at + into.write(what, at), text)
    if (added) writer.added()
    return added
  }
  return { clock, buffer, destination, problems, writer, line }
}

/** Until everything that was promised has been done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('lines are written after a time, or when enough have come together', async () => {
  const { clock, destination, line } = setUp()
  line('one\n')
  await settled()
  expect(destination.written).toBe('')
  clock.advance(1000)
  await settled()
  expect(destination.written).toBe('one\n')
  line('two is long enough\n')
  await settled()
  expect(destination.written).toBe('one\ntwo is long enough\n')
})

test('a line that is taken in pieces is not torn by a file that changes', async () => {
  const { clock, destination, line } = setUp()
  destination.next.push(2, 'EAGAIN', 1)
  line('one\n')
  clock.advance(1000)
  await settled()
  expect(destination.written).toBe('on')
  clock.advance(100)
  await settled()
  expect(destination.written).toBe('one\n')
  expect(destination.readies).toBe(1)
})

test('what is not taken waits; beyond the buffer it is dropped, and told', async () => {
  const { clock, destination, problems, line } = setUp(16)
  destination.next.push(...Array<string>(11).fill('EAGAIN'))
  expect(line('0123456\n')).toBe(true)
  await settled()
  // The other half of the memory.
  expect([line('one\n'), line('two\n'), line('three\n'), line('four\n'), line('five\n')]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
  for (let i = 0; i < 11; i++) {
    clock.advance(100)
    await settled()
  }
  expect(destination.written).toBe('0123456\none\ntwo\nthree\n')
  expect(problems).toEqual(['2 lines were dropped: the log does not take them fast enough'])
})

test('a file that cannot be opened is tried again, and told', async () => {
  const { clock, destination, problems, line } = setUp()
  destination.absent = 'ENOENT'
  line('one\n')
  clock.advance(1000)
  await settled()
  expect(problems).toEqual(['the log cannot be written to: ENOENT'])
  destination.absent = undefined
  clock.advance(100)
  await settled()
  expect(destination.written).toBe('one\n')
})

test('a reader that has gone with half a line: the next one gets whole ones', async () => {
  const { clock, destination, line } = setUp()
  destination.next.push(2, 'EPIPE')
  line('one\n')
  line('two\n')
  clock.advance(1000)
  await settled()
  clock.advance(100)
  await settled()
  expect(destination.written).toBe('ontwo\n')
  expect([destination.reopened, destination.readies]).toEqual([1, 2])
})

test('closing writes what is left', async () => {
  const { destination, writer, line } = setUp()
  line('one\n')
  await writer.close(1000)
  expect(destination.written).toBe('one\n')
  expect(destination.closed).toBe(true)
})

test('closing gives up what is not taken', async () => {
  const { clock, destination, writer, line } = setUp()
  destination.next.push(...Array<string>(100).fill('EAGAIN'))
  line('one\n')
  const closed = writer.close(1000)
  for (let i = 0; i < 12; i++) {
    await settled()
    clock.advance(100)
  }
  await closed
  expect(destination.written).toBe('')
})
