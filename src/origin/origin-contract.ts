// What every origin must do, as tests: each implementation's test file calls `originContract` with a way to run the same
// small application behind it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Answering } from '../../testing/origin-call.ts'
import { pass } from '../../testing/within.ts'
import type { Origin } from './origin.ts'

/**
 * An origin in front of an application with these paths:
 * `/hello`: 200, `X-One: 1`, five bytes, `hello`; `/empty`: 204; `/echo`: the request's body; `/large`: 4 MB of `x`;
 * `/hang`: no answer, ever; `/half`: announces ten bytes, sends `half`, and breaks off.
 */
export interface RunningApplication {
  readonly origin: Origin
  stop(): Promise<void>
}

/** How much `/large` sends. */
export const LARGE_BYTES = 4 * 1024 * 1024

/** Runs the contract. */
export function originContract(name: string, run: () => Promise<RunningApplication>): void {
  describe(`${name}, as an origin`, () => {
    let running: RunningApplication
    const ask = (
      ...options: ConstructorParameters<typeof Answering> extends [Origin, ...infer R] ? R : never
    ) => new Answering(running.origin, ...options)
    beforeAll(async () => {
      running = await run()
    })
    afterAll(() => running.stop())

    test('answers, and says nothing before it was asked', async () => {
      const hello = ask({ path: '/hello' })
      expect(await hello.result()).toBe('ended')
      expect(hello).toMatchObject({ body: 'hello', bodyBytes: 5, hasty: false })
      expect(hello.response!.status).toBe(200)
      expect(hello.response!.fields.get('x-one')).toBe('1')
    })

    test('answers without a body', async () => {
      const empty = ask({ path: '/empty' })
      expect([await empty.result(), empty.response!.status, empty.body]).toEqual(['ended', 204, ''])
    })

    test('answers HEAD without a body', async () => {
      const hello = ask({ method: 'HEAD', path: '/hello' })
      expect([await hello.result(), hello.response!.status, hello.body]).toEqual(['ended', 200, ''])
    })

    test('answers many at once, each its own', async () => {
      const all = Array.from({ length: 20 }, (_, i) =>
        ask({ method: 'POST', path: '/echo', body: { kind: 'whole', bytes: Buffer.from(`body ${i}`) } }),
      )
      for (const [i, echo] of all.entries()) {
        expect(await echo.result()).toBe('ended')
        expect(echo.body).toBe(`body ${i}`)
      }
    })

    test.each([600_000, undefined])('passes a streamed body on (announced: %p)', async (bytes) => {
      const echo = ask({ method: 'POST', path: '/echo', body: { kind: 'stream', bytes } })
      let sent = ''
      for (let i = 0; i < 10; i++) {
        const piece = String(i).repeat(60_000)
        sent += piece
        echo.call.write(Buffer.from(piece))
      }
      echo.call.finish(undefined)
      expect(await echo.result()).toBe('ended')
      expect(echo.body === sent).toBe(true)
    })

    test('stops while it is paused, and goes on where it was', async () => {
      const large = ask({ path: '/large' })
      large.onData = () => {
        large.onData = () => {}
        large.call.pause()
      }
      await large.until('the first piece', () => large.receivedBytes > 0)
      await pass(30)
      const stopped = large.receivedBytes
      await pass(30)
      expect(large.receivedBytes).toBe(stopped)
      expect(stopped).toBeLessThan(LARGE_BYTES / 2)
      large.call.resume()
      expect(await large.result()).toBe('ended')
      expect(large.receivedBytes).toBe(LARGE_BYTES)
    })

    test('a body that breaks off is a failure, not an end', async () => {
      const half = ask({ path: '/half' })
      expect(await half.result()).toBe('origin-closed')
      expect(half.response!.status).toBe(200)
    })

    test('an exchange that is given up says nothing more, and others go on', async () => {
      const hang = ask({ path: '/hang' })
      const large = ask({ path: '/large' })
      await large.until('the first piece', () => large.receivedBytes > 0)
      large.call.abort()
      hang.call.abort()
      const received = large.receivedBytes
      const hello = ask({ path: '/hello' })
      expect(await hello.result()).toBe('ended')
      await pass(20)
      expect([large.outcome, hang.outcome, large.receivedBytes]).toEqual(['open', 'open', received])
      large.call.abort()
      large.call.resume()
      large.call.finish(undefined)
      expect(large.call.write(Buffer.from('x'))).toBe(true)
    })

    test('closing it lets exchanges under way end', async () => {
      const own = await run()
      const large = new Answering(own.origin, { path: '/large' })
      await large.until('the head', () => large.response !== undefined)
      own.origin.close()
      expect(await large.result()).toBe('ended')
      expect(own.origin.connections).toMatchObject({ idle: 0, queued: 0 })
      await own.stop()
    })
  })
}
