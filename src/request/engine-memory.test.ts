// The bytes of stored responses: never freed while somebody reads them, and freed when nobody does.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { TestEngine } from '../../testing/engine.ts'

const tagged = { 'Cache-Control': 'max-age=60, stale-if-error=600', ETag: '"v"' }
const body = 'x'.repeat(5000)

/** The memory of what is stored for the page. */
const bytesOf = (engine: TestEngine): Uint8Array =>
  engine.store.get('http://a.test/page')!.variants[0]!.identity.source!.bytes

const content = (target: string, version: number): string => `${target}${version} `.repeat(4000 + version)

describe('what leaves the store', () => {
  test('is freed', () => {
    const engine = new TestEngine()
    engine.exchange({}, tagged, body)
    const bytes = bytesOf(engine)
    engine.engine.clear()
    expect(bytes.length).toBe(0)
  })

  test('is freed when another takes its place', () => {
    const engine = new TestEngine()
    engine.exchange({}, tagged, body)
    const bytes = bytesOf(engine)
    engine.clock.advance(61_000)
    engine.exchange({}, tagged, 'new')
    expect(bytes.length).toBe(0)
    expect(engine.ask().reply.body).toBe('new')
  })

  test('while it is being sent, is sent', () => {
    const engine = new TestEngine()
    engine.exchange({}, tagged, body)
    const bytes = bytesOf(engine)
    const whole = engine.ask({ slow: true })
    const part = engine.ask({ slow: true, fields: { Range: 'bytes=0-9' } })
    engine.engine.clear()
    whole.reply.drain()
    expect(whole.reply.body).toBe(body)
    part.reply.drain()
    expect(part.reply.body).toBe('x'.repeat(10))
    expect(bytes.length).toBe(0)
  })

  test('while it is being validated, still answers when the origin fails', () => {
    for (const fail of [
      (engine: TestEngine) => engine.origin.last.fail('connect-refused'),
      (engine: TestEngine) => engine.origin.last.answer(503),
    ]) {
      const engine = new TestEngine()
      engine.exchange({}, tagged, body)
      const bytes = bytesOf(engine)
      engine.clock.advance(61_000)
      const { reply } = engine.ask()
      engine.engine.clear()
      fail(engine)
      expect(reply).toMatchObject({ status: 200, body })
      expect(bytes.length).toBe(0)
    }
  })

  test('while it is being validated, is not served on a 304: the whole is asked for', () => {
    const engine = new TestEngine()
    engine.exchange({}, tagged, body)
    const bytes = bytesOf(engine)
    engine.clock.advance(61_000)
    const { reply } = engine.ask()
    engine.engine.clear()
    engine.origin.last.head(304, tagged)
    expect(bytes.length).toBe(0)
    engine.origin.last.answer(200, tagged, 'again')
    expect(reply.body).toBe('again')
  })

  test('while it is being validated by a client that leaves, is freed', () => {
    const engine = new TestEngine()
    engine.exchange({}, tagged, body)
    const bytes = bytesOf(engine)
    engine.clock.advance(61_000)
    const { call } = engine.ask()
    engine.engine.clear()
    call!.gone()
    expect(bytes.length).toBe(0)
  })

  test('because it was too large for the store after all is sent all the same', () => {
    const engine = new TestEngine({ budgetBytes: 1 << 20, objectBytesMax: 1 << 20 })
    const large = 'y'.repeat(900_000)
    const reply = engine.exchange({}, tagged, large)
    expect(reply.body === large).toBe(true)
    expect(engine.store.bytes).toBeLessThan(1 << 20)
  })
})

test('property: whatever happens in whatever order, clients get whole bodies of their own page', () => {
  const pages = ['/a', '/b', '/c', '/d', '/e', '/f']
  const step = fc.record({
    kind: fc.constantFrom(
      'ask',
      'ask',
      'ask slowly',
      'drain',
      'answer',
      'answer',
      'not modified',
      'fail',
      'half',
      'leave',
      'time',
      'post',
    ),
    page: fc.constantFrom(...pages),
    at: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      // Room for a few of them.
      const engine = new TestEngine({ budgetBytes: 200_000 })
      const waiting: ReturnType<TestEngine['ask']>[] = []
      const slow: ReturnType<TestEngine['ask']>[] = []
      const targets = new Map<object, string>()
      let version = 0
      for (const { kind, page, at } of steps) {
        const exchange = engine.origin.exchanges[at % Math.max(1, engine.origin.exchanges.length)]
        const target = exchange?.request.pathAndQuery ?? page
        const fields = { ...tagged, ETag: `"${target}${++version % 3}"` }
        if (kind === 'ask' || kind === 'ask slowly') {
          const asking = engine.ask({ target: page, slow: kind === 'ask slowly' })
          targets.set(asking.reply, page)
          if (asking.call !== undefined) waiting.push(asking)
          else if (kind === 'ask slowly') slow.push(asking)
        } else if (kind === 'drain') slow.shift()?.reply.drain()
        else if (kind === 'leave') waiting.splice(at % Math.max(1, waiting.length), 1)[0]?.call!.gone()
        else if (kind === 'time') engine.clock.advance(45_000)
        else if (kind === 'post') engine.exchange({ method: 'POST', target: page }, {})
        else if (exchange === undefined || exchange.answered) continue
        else if (kind === 'answer') exchange.answer(200, fields, content(target, version % 3))
        else if (kind === 'not modified' && exchange.field('if-none-match') !== undefined) {
          exchange.head(304, { ...tagged, ETag: exchange.field('if-none-match')! })
          exchange.end()
        } else if (kind === 'fail') exchange.fail('origin-closed')
        else if (kind === 'half') {
          exchange.head(200, fields, 100_000)
          exchange.data('half')
          exchange.fail('origin-closed')
        }
      }
      for (const { reply } of slow) reply.drain()
      for (const [reply, target] of targets as Map<ReturnType<TestEngine['ask']>['reply'], string>) {
        if (reply.outcome !== 'complete' || reply.status !== 200) continue
        expect([0, 1, 2].some((each) => reply.body === content(target, each))).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})
