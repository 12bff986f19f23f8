// Answers on the runtime's server: whole where they are there at once, else as streams; broken where they break; what is held
// is given back; and always an end.
import { expect, test } from 'bun:test'
import type { Held } from '../base/outbox.ts'
import { Fields } from '../http/fields.ts'
import { Representation } from '../request/representation.ts'
import { ServeHeads } from './serve-head.ts'
import { ServeReply, type ReplyEvents } from './serve-reply.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const typed = Fields.of([['Content-Type', 'text/plain']])
const head = (status = 200) => ({ status, reason: '', fields: typed })

class Watched implements ReplyEvents {
  readonly said: string[] = []
  began(sizeBytes: number | undefined): void {
    this.said.push(`began ${sizeBytes ?? 'a stream'}`)
  }
  writable(): void {
    this.said.push('writable')
  }
  over(): void {
    this.said.push('over')
  }
  gone(): void {
    this.said.push('gone')
  }
  pause(): void {}
  resume(): void {}
}

function make({ heads = new ServeHeads([]) } = {}) {
  let counted = 0
  const context = {
    heads: () => heads,
    count: (n: number) => void (counted += n),
  }
  const reply = new ServeReply({ address: '192.0.2.7', trusted: false }, context)
  const events = new Watched()
  reply.events = events
  return { reply, events, counted: () => counted }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what is there within the turn goes out in one piece, with its length', async () => {
  const { reply, events, counted } = make()
  reply.start(head(), 10, true)
  reply.write(bytes('first'))
  reply.writePart(bytes('-last-'), 1, 5)
  reply.finish()
  expect(await reply.response!.text()).toBe('firstlast')
  expect(events.said).toEqual(['began 9', 'over'])
  expect(counted()).toBe(9)
})

test('what comes later streams, and only as it is taken', async () => {
  const { reply, events } = make()
  reply.start(head(), undefined, true)
  await turn()
  const reader = reply.response!.body!.getReader()
  expect(reply.write(bytes('a'.repeat(70_000)))).toBe(false)
  expect(reply.takenBytes).toBe(0)
  expect((await reader.read()).value!.length).toBe(65_536)
  await turn()
  expect(events.said).toEqual(['began a stream', 'writable'])
  reply.finish()
  expect((await reader.read()).value!.length).toBe(70_000 - 65_536)
  expect((await reader.read()).done).toBe(true)
  expect(events.said.at(-1)).toBe('over')
})

test('bytes that will be used again are copied, and those that are held are given back', async () => {
  const { reply } = make()
  reply.start(head(), undefined, true)
  await turn()
  const reader = reply.response!.body!.getReader()
  const again = bytes('one')
  reply.writePart(again, 0, 3)
  again.fill(0)
  let held = 0
  const source: Held = { hold: () => void held++, release: () => void held-- }
  const kept = bytes('two')
  reply.write(kept, source)
  expect(held).toBe(1)
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('one')
  const two = await reader.read()
  expect(held).toBe(0)
  kept.fill(0)
  expect(Buffer.from(two.value!).toString()).toBe('two')
  reply.write(bytes('three'), source)
  reply.abandon()
  expect(held).toBe(0)
})

test('a body that fails is not ended', async () => {
  const { reply, events } = make()
  reply.start(head(), undefined, true)
  reply.write(bytes('begun'))
  await turn()
  const reader = reply.response!.body!.getReader()
  await reader.read()
  reply.fail()
  const end = reader.read().then(
    () => 'an end',
    () => 'an error',
  )
  expect(await Promise.race([end, turn().then(() => 'nothing')])).toBe('nothing')
  expect(events.said.at(-1)).toBe('over')
})

test('a failure before anything was said is told as one', async () => {
  const { reply } = make()
  const promise = reply.promise()
  reply.fail()
  expect((await promise).status).toBe(502)
})

test('answers without a body end, whatever the application sends behind them', async () => {
  for (const [status, hasBody] of [
    [200, false],
    [204, true],
    [205, true],
    [304, false],
  ] as const) {
    const { reply, events } = make()
    reply.start(head(status), undefined, hasBody)
    await turn()
    reply.write(bytes('more'))
    reply.finish()
    expect([reply.response!.status, await reply.response!.text()]).toEqual([status, ''])
    expect(events.said).toEqual(['began 0', 'over'])
  }
})

test('a client that leaves a stream is told once', async () => {
  const { reply, events } = make()
  reply.start(head(), undefined, true)
  await turn()
  await reply.response!.body!.cancel()
  expect(events.said).toEqual(['began a stream', 'over', 'gone'])
  expect(reply.write(bytes('more'))).toBe(true)
})

test('the head of a stored response is kept, and Age changes with the time', async () => {
  const heads = new ServeHeads([['Strict-Transport-Security', 'max-age=1']])
  let made = 0
  const representation = Representation.once(304, typed, new Uint8Array(0))
  const fields = Object.getOwnPropertyDescriptor(Representation.prototype, 'fields')!
  Object.defineProperty(representation, 'fields', { get: () => (made++, fields.get!.call(representation)) })
  for (const age of [3, 3, 4]) {
    const { reply } = make({ heads })
    reply.stored(representation, true, age, 60 - age, 'fresh', undefined)
    expect(reply.response!.headers.get('age')).toBe(String(age))
    expect(reply.response!.headers.get('cache-status')).toBe(`Myriad; hit; ttl=${60 - age}; detail=fresh`)
    expect(reply.response!.headers.get('strict-transport-security')).toBe('max-age=1')
  }
  expect(made).toBe(1)
})
