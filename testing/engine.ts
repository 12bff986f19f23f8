// An engine with a fake clock, a fake origin and a real memory store, and requests for it in few words.
import { assert } from '../src/base/assert.ts'
import { defaultsOf } from '../src/base/setting.ts'
import type { Reason } from '../src/base/reason.ts'
import type { ConnectionRefusal, Recorder, Tier } from '../src/base/record.ts'
import type { CachePolicy } from '../src/cache/policy.ts'
import type { RouteRates } from '../src/cube/y/rate.ts'
import { RateTable } from '../src/cube/y/rate-table.ts'
import { noBypass, type Bypass, type Route } from '../src/cube/y/route.ts'
import { RuleTable } from '../src/cube/y/rule-table.ts'
import type { Rule } from '../src/cube/y/rule.ts'
import { RouteTable, everyPath } from '../src/cube/y/table.ts'
import { limitRows } from '../src/http1/limits.ts'
import { RequestReader } from '../src/http1/request-reader.ts'
import { Engine } from '../src/request/engine.ts'
import type { KeyEntry } from '../src/request/key-entry.ts'
import type { RequestCall } from '../src/request/reply.ts'
import type { Siblings } from '../src/request/siblings.ts'
import { MemoryStore } from '../src/store/memory/memory.ts'
import { policyWith, type FieldTable } from './exchange.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeOrigin } from './fake-origin.ts'
import { FakeReply } from './fake-reply.ts'

/** What a test may say about its engine; the rest is as nobody configured it. */
export interface EngineOptions {
  readonly policy?: Partial<CachePolicy>
  readonly bypass?: Partial<Bypass>
  readonly ignoredCookie?: (name: string) => boolean
  readonly ignoredParameter?: (name: string) => boolean
  readonly mark?: string
  readonly siblings?: Siblings
  readonly budgetBytes?: number
  readonly objectBytesMax?: number
  /** The setting `host` of the origin. */
  readonly originHost?: string
  readonly rules?: readonly Rule[]
  readonly rates?: RouteRates
  readonly bodyBytesMax?: number
  readonly isBanned?: (address: string) => boolean
  /** Only paths that begin so have a route. */
  readonly under?: string
}

/** A request for `http://a.test/page`, as a test changes it. */
export interface RequestOptions {
  readonly method?: string
  readonly target?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly slow?: boolean
  readonly trusted?: boolean
}

/** A request under way. */
export interface Asking {
  readonly reply: FakeReply
  /** Undefined when it was answered at once. */
  readonly call: RequestCall | undefined
}

const limits = defaultsOf(limitRows)
const poison = Buffer.from(
  'GET /poison HTTP/1.1\r\nHost: poison.test\r\nCookie: poison=1\r\nRange: bytes=0-0\r\nAuthorization: poison\r\n\r\n',
)

/** An engine to be asked. */
export class TestEngine implements Recorder {
  readonly clock = new FakeClock()
  readonly origin = new FakeOrigin()
  readonly store: MemoryStore<KeyEntry>
  readonly engine: Engine
  readonly records: { tier: Tier; reason: Reason; status: number }[] = []
  originBytes = 0
  readonly refusals: ConnectionRefusal[] = []

  constructor(options: EngineOptions = {}) {
    const { budgetBytes = 16 << 20 } = options
    this.store = new MemoryStore<KeyEntry>({
      budgetBytes,
      leave: (entry) => this.engine.left(entry),
    })
    const route: Route = {
      name: '/*',
      service: { name: 'site', index: 0 },
      policy: policyWith(options.policy ?? {}),
      ignoredCookie: options.ignoredCookie ?? ((name) => name === '_ga'),
      ignoredParameter: options.ignoredParameter,
      rates: options.rates,
      bodyBytesMax: options.bodyBytesMax ?? limits.bodyBytes,
      mark: options.mark ?? '',
      rule: undefined,
      bypass: options.bypass === undefined ? noBypass : { ...noBypass, ...options.bypass },
    }
    const { under } = options
    const path = under === undefined ? everyPath : (text: string) => text.startsWith(under)
    const routes = new RouteTable([{ route, hosts: undefined, path }])
    this.engine = new Engine({
      clock: this.clock,
      recorder: this,
      routes,
      rules: options.rules === undefined ? undefined : new RuleTable(options.rules, routes.routes),
      origins: [{ origin: this.origin, names: { authority: 'origin.test:9000', host: options.originHost } }],
      store: this.store,
      objectBytesMax: options.objectBytesMax ?? this.store.valueBytesMax,
      instance: 'here',
      mayPurge: (client) => client.trusted,
      countryOf: (address) => (address.startsWith('198.51.100.') ? 'DE' : undefined),
      isBanned: options.isBanned ?? (() => false),
      rates:
        options.rates === undefined
          ? undefined
          : new RateTable(RateTable.memory(1_024, Buffer.from('a seed: 8'), this.clock.nowMs())),
      siblings: options.siblings,
      random: () => 'boundary',
    })
  }

  answered(tier: Tier, reason: Reason, status: number): void {
    this.records.push({ tier, reason, status })
  }

  bytes(_toClients: number, fromOrigins: number): void {
    this.originBytes += fromOrigins
  }

  refused(why: ConnectionRefusal): void {
    this.refusals.push(why)
  }

  /** Sends a request. Its reader reads something else when the engine has returned, as a codec's does; the octets stay. */
  ask(options: RequestOptions = {}): Asking {
    const { method = 'GET', target = '/page', fields = {} } = options
    let head = `${method} ${target} HTTP/1.1\r\n`
    for (const [name, value] of Object.entries({ Host: 'a.test', ...fields })) head += `${name}: ${value}\r\n`
    const octets = Buffer.from(`${head}\r\n`, 'latin1')
    const reader = new RequestReader(limits)
    const outcome = reader.read(octets, 0, octets.length)
    assert(outcome === 'complete', `not a request: ${reader.failure?.message}`)
    const reply = new FakeReply()
    reply.slow = options.slow ?? false
    if (options.trusted === true) reply.client = { ...reply.client, trusted: true }
    const call = this.engine.handle(reader, reply)
    reader.read(poison, 0, poison.length)
    return { reply, call }
  }

  /** A request that the origin answers at once with this. */
  exchange(options: RequestOptions, fields: FieldTable, body = 'body', status = 200): FakeReply {
    const { reply } = this.ask(options)
    this.origin.last.answer(status, fields, body)
    return reply
  }
}
