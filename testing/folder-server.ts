// A folder that is served with everything that stands in front of it when users run it: cache, engine and clear-text
// listener, with their defaults.
import { perTurn, realClock, realTimers } from '../src/base/clock.ts'
import { defaultsOf } from '../src/base/setting.ts'
import { openPolicy } from '../src/cache/policy.ts'
import { noBypass, type Route } from '../src/cube/y/route.ts'
import { everyPath, RouteTable } from '../src/cube/y/table.ts'
import { Http1Listener } from '../src/edge/http1-listener.ts'
import { edgeRows } from '../src/edge/settings.ts'
import { limitRows } from '../src/http1/limits.ts'
import { Funnel, type FunnelSnapshot } from '../src/observe/funnel.ts'
import { FilesOrigin } from '../src/origin/files/files-origin.ts'
import { defaultFiles, type FilesSettings } from '../src/origin/files/settings.ts'
import { Engine } from '../src/request/engine.ts'
import type { KeyEntry } from '../src/request/key-entry.ts'
import { MemoryStore } from '../src/store/memory/memory.ts'

const route: Route = {
  name: '/*',
  service: { name: 'site', index: 0 },
  policy: openPolicy,
  ignoredCookie: () => false,
  ignoredParameter: undefined,
  bypass: noBypass,
  rule: undefined,
}

/** A folder on a free loopback port. */
export class FolderServer implements AsyncDisposable {
  readonly #origin: FilesOrigin
  readonly #listener: Http1Listener
  readonly #funnel = new Funnel(realClock)

  /** `aheadMs`: how far the clock is ahead, so that files which a test has just written are not young any more. */
  constructor(root: string, settings: Partial<FilesSettings> = {}, aheadMs = 0, port = 0) {
    const clock = perTurn({ ...realClock, nowMs: () => realClock.nowMs() + aheadMs })
    const timers = realTimers
    const config = { kind: 'files', root, settings: { ...defaultFiles, ...settings } } as const
    this.#origin = new FilesOrigin(config, { clock, timers })
    const store = new MemoryStore<KeyEntry>({ budgetBytes: 128 << 20, leave: (entry) => engine.left(entry) })
    const engine: Engine = new Engine({
      clock,
      recorder: this.#funnel,
      routes: new RouteTable([{ route, hosts: undefined, path: everyPath }]),
      origins: [{ origin: this.#origin, names: { authority: 'localhost', host: undefined } }],
      rules: undefined,
      store,
      objectBytesMax: 8 << 20,
      instance: 'here',
      mayPurge: () => false,
      random: () => 'boundary',
    })
    this.#listener = new Http1Listener(
      { hostname: '127.0.0.1', port },
      {
        engine,
        recorder: this.#funnel,
        clock,
        timers,
        limits: defaultsOf(limitRows),
        settings: defaultsOf(edgeRows),
        fault: (error) => {
          throw error
        },
      },
    )
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get openFiles(): number {
    return this.#origin.connections.open
  }

  get funnel(): FunnelSnapshot {
    return this.#funnel.snapshot()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.cut()
    await this.#listener.drain()
    this.#origin.close()
  }
}
