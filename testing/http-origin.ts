// An origin over HTTP/1.1 to a port of this machine, with time in the test's hand.
import { defaultsOf } from '../src/base/setting.ts'
import { limitRows } from '../src/http1/limits.ts'
import { HttpOrigin } from '../src/origin/http/http-origin.ts'
import {
  defaultHttpOrigin,
  type HttpOriginConfig,
  type HttpOriginSettings,
} from '../src/origin/http/settings.ts'
import { FakeClock } from './fake-clock.ts'
import { Answering, type CallOptions } from './origin-call.ts'

/** The origin, its clock, which stands still, and a way to ask it. */
export interface MadeOrigin {
  readonly clock: FakeClock
  readonly origin: HttpOrigin
  ask(options?: CallOptions): Answering
}

/** Settings are the defaults where nothing is said. */
export function httpOrigin(
  port: number,
  settings: Partial<HttpOriginSettings> = {},
  rest: Partial<HttpOriginConfig> = {},
): MadeOrigin {
  const clock = new FakeClock()
  const config: HttpOriginConfig = {
    kind: 'http',
    scheme: 'http',
    hostname: '127.0.0.1',
    port,
    authority: `127.0.0.1:${port}`,
    settings: { ...defaultHttpOrigin, ...settings },
    tls: undefined,
    ...rest,
  }
  const origin = new HttpOrigin(config, {
    clock,
    timers: clock,
    limits: defaultsOf(limitRows),
    fault: rethrow,
  })
  return { clock, origin, ask: (options) => new Answering(origin, options) }
}

/** A fault of the origin's own ends the test. */
function rethrow(error: unknown): never {
  throw error
}
