// Carries out what the stages decide: asks origins, stores, serves, counts. Knows nothing of sockets or protocols;
// listeners hand it views of requests and take its answers by Reply.
//
// Long because everything that a decision can ask to be done is done here.
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Reason } from '../base/reason.ts'
import type { Recorder, Tier } from '../base/record.ts'
import { withoutParameters } from '../cache/ignored-query.ts'
import { invalidatedKeys, invalidates, keysOfBothSchemes, mayInvalidate } from '../cache/invalidate.ts'
import { primaryKey, targetKeyOf } from '../cache/key.ts'
import { combine } from '../cache/partial.ts'
import { reuse, staleOnFailure } from '../cache/reuse.ts'
import type { Stored } from '../cache/stored.ts'
import { freshened, hasValidator, headEffect, updatedBy } from '../cache/validate.ts'
import { variantKey } from '../cache/vary.ts'
import { rateFields, type RateLimit } from '../cube/y/rate.ts'
import type { RateTable } from '../cube/y/rate-table.ts'
import type { ErrorPages } from '../cube/y/rule-errors.ts'
import type { RuleTable } from '../cube/y/rule-table.ts'
import type { Route, Service } from '../cube/y/route.ts'
import type { RouteTable } from '../cube/y/table.ts'
import { Fields } from '../http/fields.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import type { ResponseHead } from '../http/message.ts'
import { PlainRequest } from '../http/plain-request.ts'
import type { RequestView } from '../http/request-view.ts'
import type { Origin, OriginBody, OriginNames } from '../origin/origin.ts'
import type { StoredBytes } from '../store/memory/stored-bytes.ts'
import type { Store } from '../store/store.ts'
import { forwardedStatus } from './cache-status.ts'
import { clientAddress } from './client-address.ts'
import { answerDirectly } from './direct.ts'
import { ErrorPageReply } from './error-page.ts'
import { Consumer } from './consumer.ts'
import { Fetch } from './fetch.ts'
import type { FetchOwner, Plan } from './fetch-owner.ts'
import { ForwardedRequest, askAsIs, askToStore, gatewayLines, type Ask, type Identity } from './forward.ts'
import { HitForMiss } from './hit-for-miss.ts'
import { answerOptions, answerPurged, answerRedirect, answerWithFailure } from './own-answer.ts'
import { overRate } from './over-rate.ts'
import type { Client, Reply, RequestCall } from './reply.ts'
import { HEADROOM, withHeadroom } from './representation.ts'
import { KeptAnswer } from './kept-answer.ts'
import { KeptBytes } from './kept-bytes.ts'
import { holding } from './held-exchange.ts'
import { serve, type ServeContext } from './serve.ts'
import type { Drop, Siblings } from './siblings.ts'
import { begin, lookup } from './stages.ts'
import { KeyEntry } from './key-entry.ts'
import { Variant } from './variant.ts'
import { Visit } from './visit.ts'

/** Largest QUERY body that is made part of a key. */
const QUERY_BYTES_MAX = 65_536
/** Most variants of one URL; more are a Vary that nothing can hit. */
const VARIANTS_MAX = 64

/** What fetches may keep beside the store, as a share of its budget. */
const KEPT_SHARE = 0.25

/** In the place of a request's time: nobody sent it, and it counts for nobody. */
const NOT_COUNTED = -1

/** What the owner's configuration makes of an engine; another one may take its place while requests are under way. */
export interface EngineConfig {
  readonly routes: RouteTable
  /** The owner's page rules; undefined: there are none. */
  readonly rules: RuleTable | undefined
  /** In the order of `service.index`. */
  readonly origins: readonly NamedOrigin[]
  /** Largest body that is stored. */
  readonly objectBytesMax: number
  /** Whether a client may empty the cache by PURGE; `fields` are those of its request. */
  readonly mayPurge: (client: Client, fields: Fields) => boolean
  /** Whether the owner does not serve an address. The listener has asked for those who connect: this is for their clients. */
  readonly isBanned: (address: string) => boolean
  /** The country of an address, by two letters; undefined: it is not known. */
  readonly countryOf: (address: string) => string | undefined
  /** Undefined: no route limits the rate of requests. */
  readonly rates: RateTable | undefined
}

/** An origin with what it is called. */
interface NamedOrigin {
  readonly origin: Origin
  readonly names: OriginNames
}

/** What the engine is made of. */
export interface EngineParts extends EngineConfig {
  readonly clock: Clock
  readonly recorder: Recorder
  readonly store: Store<KeyEntry>
  /** Tells this instance, all its processes together, from others in CDN-Loop. */
  readonly instance: string
  /** Other processes with caches of the same site; undefined: this is the only one. */
  readonly siblings?: Siblings | undefined
  /** For multipart boundaries. */
  random(): string
}

/** Answers requests. */
export class Engine implements FetchOwner, ServeContext {
  readonly clock: Clock
  readonly store: Store<KeyEntry>
  objectBytesMax: number
  readonly queryBytesMax = QUERY_BYTES_MAX
  readonly kept: KeptBytes
  readonly #parts: EngineParts
  #config: EngineConfig
  /** Found by their service: requests under way keep those that they began with. */
  readonly #origins = new WeakMap<Service, NamedOrigin>()
  readonly #identity: Identity
  /** Fetches that others may join, by key. */
  readonly #fetches = new Map<string, Fetch>()
  /** Fetches whose answer may be stored, by the key of their target: an unsafe method forbids that to all of them. */
  readonly #storing: Fetch[] = []
  readonly #hitForMiss = new HitForMiss()
  /** The keys of stored QUERY answers by the key of their target: an unsafe method empties them with it. */
  readonly #queries = new Map<string, Set<string>>()
  readonly grown: (variant: Variant) => boolean

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.clock = parts.clock
    this.store = parts.store
    this.objectBytesMax = parts.objectBytesMax
    this.kept = new KeptBytes(parts.store.budgetBytes * KEPT_SHARE)
    this.#identity = { cdnLoop: `myriad; id=${parts.instance}` }
    this.grown = (variant) => this.#resize(variant)
    this.#config = parts
    this.#registerOrigins(parts)
  }

  /**
   * From now on requests begin under another configuration; those under way end under the one they began with. What is
   * stored stays, as far as its route is the same (`Route.mark`). The store's budget may have changed before.
   */
  configure(config: EngineConfig): void {
    this.#config = config
    this.objectBytesMax = config.objectBytesMax
    this.kept.limitBytes = this.store.budgetBytes * KEPT_SHARE
    this.#registerOrigins(config)
    this.#hitForMiss.clear()
  }

  #registerOrigins({ routes, origins }: EngineConfig): void {
    for (const { service } of routes.routes) this.#origins.set(service, origins[service.index]!)
  }

  /** How many targets have stored QUERY answers. */
  get queryKeys(): number {
    return this.#queries.size
  }

  nowMs(): number {
    return this.clock.nowMs()
  }

  boundary(): string {
    return this.#parts.random()
  }

  /**
   * Answers a request. Returns undefined when that is done; otherwise a call that the listener tells of body and
   * client. `view` is not used after the return.
   */
  handle(view: RequestView, reply: Reply): RequestCall | undefined {
    const startMs = this.clock.monotonicMs()
    if ((view.present & fieldBit['cdn-loop']) !== 0 && this.#loops(view.get(fieldNumber['cdn-loop'])!)) {
      this.#refuseEarly(reply, startMs, new Failure('loop', 'this request has passed here before'))
      return undefined
    }
    if (reply.client.trusted && this.#config.isBanned(clientAddress(view, reply.client))) {
      this.#refuseEarly(reply, startMs, new Failure('banned', 'this address is not served'))
      return undefined
    }
    if (view.method === 'PURGE') return this.#answerPurge(view, reply, startMs)
    let route = this.#routeOf(view)
    let answers = reply
    const { rules, countryOf } = this.#config
    if (rules !== undefined) {
      const country = rules.asksCountry ? () => countryOfClient(view, reply.client, countryOf) : undefined
      const rule = rules.match(view, country)
      if (rule?.action.kind === 'redirect') {
        const { status, location } = rule.action.redirect
        answerRedirect(reply, status, location(view.pathAndQuery), view.method === 'HEAD')
        this.#record(reply, 'self', 'redirect', status, startMs)
        return undefined
      }
      if (rule !== undefined) {
        if (rule.action.actions.errors !== undefined)
          answers = this.#withErrorPages(view, reply, rule.action.actions.errors)
        if (route !== undefined) route = rules.under(rule, route, view)
      }
    }
    if (route === undefined) {
      this.#refuseEarly(answers, startMs, noRoute(), view.method === 'HEAD')
      return undefined
    }
    const visit = new Visit(view, answers, route, startMs)
    if (visit.body.kind === 'length' && visit.body.bytes > route.bodyBytesMax) {
      this.refuse(visit, bodyTooLarge(route))
      return undefined
    }
    if (route.rates !== undefined && this.overRate(visit, route.rates.every)) return undefined
    return begin(this, visit)
  }

  /** Pages of the site's own are asked for as any visitor does, without rules. */
  #withErrorPages({ scheme, authority }: RequestView, reply: Reply, pages: ErrorPages): Reply {
    return new ErrorPageReply(reply, pages, (pathAndQuery, done) => {
      const route = this.#config.routes.match(authority, pathAndQuery)
      if (route === undefined) return done(undefined)
      const fields = authority === '' ? new Fields() : Fields.of([['Host', authority]])
      const target = { raw: pathAndQuery, pathAndQuery }
      const view = new PlainRequest({ method: 'GET', scheme, authority, target, fields })
      begin(this, new Visit(view, new KeptAnswer(reply.client, done), route, NOT_COUNTED))
    })
  }

  /** Asks the origin past the cache. */
  pass(consumer: Consumer, why: Reason): RequestCall {
    // RFC 9110 §9.3.3: the answer to a POST may be stored for GET, when it says so.
    const store = why === 'method' && consumer.visit.method === 'POST'
    const plan: Plan = { why, ask: askAsIs, store, variant: undefined, background: false }
    return this.#start(consumer, plan, false)
  }

  /** Asks the origin for what is not stored, or joins a fetch that does. */
  fetch(consumer: Consumer, why: Reason, variant: Variant | undefined, ask: Ask): RequestCall {
    const { visit } = consumer
    const store = why !== 'request-no-store'
    const joinable = store && ask.kind === 'store' && joins(visit)
    const plan: Plan = { why, ask, store, variant, background: false }
    return this.#startOrJoin(consumer, plan, joinable)
  }

  /** Asks the origin whether a stored response is still good, or for a new one. */
  revalidate(consumer: Consumer, variant: Variant, why: Reason): RequestCall {
    const { visit } = consumer
    const whole = variant.stored.content.kind === 'whole'
    const ask: Ask =
      whole && hasValidator(variant.stored) ? { kind: 'validate', stored: variant.stored } : askToStore
    const plan: Plan = { why, ask, store: true, variant, background: false }
    return this.#startOrJoin(consumer, plan, joins(visit))
  }

  /** Revalidates in the background, unless that is under way. */
  refresh(visit: Visit, variant: Variant): void {
    if (this.#fetches.has(visit.key)) return
    const whole = variant.stored.content.kind === 'whole'
    const ask: Ask =
      whole && hasValidator(variant.stored) ? { kind: 'validate', stored: variant.stored } : { kind: 'whole' }
    const plan: Plan = { why: 'stale', ask, store: true, variant, background: true }
    visit.detach()
    this.#start(new Consumer(visit), plan, true)
  }

  /** Answers OPTIONS for this hop (RFC 9110 §7.6.2 and §9.3.7). */
  options(visit: Visit): void {
    answerOptions(visit.reply)
    this.answered(visit, 'self', 'max-forwards', 204)
  }

  /** Answers with a failure of Myriad's own making. */
  refuse(visit: Visit, failure: Failure): void {
    answerWithFailure(visit.reply, failure, visit.headOnly)
    this.answered(visit, 'self', failure.reason, failure.status)
  }

  /** Whether a request is over one of these limits. It has been answered then. */
  overRate(visit: Visit, limits: readonly RateLimit[]): boolean {
    const { rates } = this.#config
    if (rates === undefined || visit.startMs === NOT_COUNTED) return false
    const over = overRate(rates, limits, visit, this.nowMs())
    if (over === undefined) return false
    const failure = new Failure('rate-limited', 'too many requests')
    answerWithFailure(visit.reply, failure, visit.headOnly, rateFields(over.limit, over.waitMs))
    this.answered(visit, 'self', failure.reason, failure.status)
    return true
  }

  answered(visit: Visit, tier: Tier, reason: Reason, status: number): void {
    if (visit.startMs !== NOT_COUNTED) this.#record(visit.reply, tier, reason, status, visit.startMs)
  }

  received(bytes: number): void {
    this.#parts.recorder.bytes(0, bytes)
  }

  closed(fetch: Fetch): void {
    if (fetch.isRegistered && this.#fetches.get(fetch.key) === fetch) this.#fetches.delete(fetch.key)
    fetch.isRegistered = false
    const at = fetch.storingAt
    if (at < 0) return
    fetch.storingAt = -1
    const last = this.#storing.pop()!
    if (last === fetch) return
    this.#storing[at] = last
    last.storingAt = at
  }

  unshareable(key: string): void {
    this.#hitForMiss.add(key, this.nowMs())
  }

  alone(consumer: Consumer): void {
    if (consumer.done) return
    lookup(this, consumer.visit, consumer)
  }

  serveStale(consumer: Consumer, plan: Plan, status: number | undefined): boolean {
    const { variant } = plan
    if (variant === undefined || consumer.done) return consumer.done
    const failure =
      status === undefined ? ({ kind: 'disconnected' } as const) : ({ kind: 'status', status } as const)
    const { visit } = consumer
    const reason = staleOnFailure(visit, variant.stored, failure, this.nowMs(), visit.route.policy)
    if (reason === undefined) return false
    consumer.done = true
    serve(this, visit, variant, reason)
    return true
  }

  confirmed(fetch: Fetch, head: ResponseHead, requestMs: number, consumers: readonly Consumer[]): void {
    const { plan, visit } = fetch
    const entry = this.store.get(fetch.key)
    const times = { requestMs, responseMs: this.nowMs() }
    // Only what this request could have selected: a 304 by date alone could name any variant.
    const candidates =
      entry?.stored.filter((stored) => variantKey(stored.vary, visit) === stored.variant) ?? []
    const updated = updatedBy(candidates, head)
    // Asked of the variant and not of its metadata: another validation may have updated these meanwhile.
    const confirms = plan.variant !== undefined && updated.includes(plan.variant.stored)
    const { variant } = plan
    let kept = true
    for (const stored of updated) {
      const held = entry!.of(stored)
      if (held === undefined) continue
      const fresh = freshened(visit, stored, head, times, visit.route.policy)
      held.update(fresh.stored)
      if (fresh.keep) continue
      // Before anybody else is looked at: what this 304 adds is for the one who asked. The fetch holds the bytes.
      entry!.remove(held)
      if (held === variant) kept = false
    }
    this.#changed(entry)
    if (variant === undefined || !confirms) {
      // It was evicted meanwhile, or the 304 speaks of another: the whole is asked for.
      for (const consumer of consumers) this.whole(consumer, plan)
      return
    }
    // Those who cannot share it ask for themselves, not one behind the other.
    if (!kept || variant.stored.noCache || variant.stored.freshUntilMs <= times.responseMs)
      this.unshareable(fetch.key)
    for (const consumer of consumers) {
      if (consumer.done) continue
      const own = consumer === fetch.leader
      const stored = variant.stored
      const shared =
        own ||
        (kept &&
          reuse(consumer.visit, stored, times.responseMs, consumer.visit.route.policy).kind === 'serve')
      if (!shared) {
        this.alone(consumer)
        continue
      }
      consumer.done = true
      const member = forwardedStatus(plan.why, own ? 'validated' : 'collapsed', 304, kept, !own)
      serve(
        this,
        consumer.visit,
        variant,
        own ? 'validated' : 'collapsed',
        own ? 'revalidated' : 'collapsed',
        member,
      )
    }
  }

  whole(consumer: Consumer, plan: Plan): void {
    if (consumer.done) return
    this.#start(consumer, { ...plan, ask: askToStore, variant: undefined, background: false }, false)
  }

  completed(fetch: Fetch): void {
    const { leader, plan, visit } = fetch
    const entry = this.store.get(fetch.key)
    const variant = entry?.variants.find(({ stored }) => variantKey(stored.vary, visit) === stored.variant)
    if (variant?.stored.content.kind !== 'whole') return this.whole(leader, plan)
    leader.done = true
    serve(this, visit, variant, plan.why, 'origin', forwardedStatus(plan.why, plan.why, 206, true, false))
  }

  /** Metadata or variants of an entry have changed: its cost has, too. */
  #changed(entry: KeyEntry | undefined): void {
    if (entry === undefined) return
    entry.changed()
    if (entry.variants.length === 0 || !this.store.resize(entry.key, entry.cost)) this.store.delete(entry.key)
  }

  headArrived(fetch: Fetch, head: ResponseHead, requestMs: number): void {
    const { visit } = fetch
    if (visit.method === 'HEAD') this.#updateFromHead(fetch, head, requestMs)
    if (!invalidates(visit.method, head.status)) return
    for (const key of [visit.key, ...invalidatedKeys(visit.head, head)]) this.#drop(key, fetch)
  }

  /**
   * Drops all that is stored under the URL of this request, here and in all siblings; what is being fetched for it at this
   * moment is not stored any more. Returns how many stored responses are gone, at once where there are no siblings;
   * undefined when no route takes the URL.
   */
  purge(view: RequestView): number | Promise<number> | undefined {
    const route = this.#routeOf(view)
    if (route === undefined) return undefined
    const ignored = route.ignoredParameter ?? (() => false)
    const key = primaryKey(view.scheme, view.authority, withoutParameters(view.pathAndQuery, ignored))
    return this.#dropEverywhere({ kind: 'keys', keys: keysOfBothSchemes(key) })
  }

  /** As `purge`, of everything. */
  purgeAll(): number | Promise<number> {
    return this.#dropEverywhere({ kind: 'everything' })
  }

  #dropEverywhere(drop: Drop): number | Promise<number> {
    const here = this.drop(drop)
    const there = this.#parts.siblings?.spread(drop)
    return there === undefined ? here : there.then((count) => here + count)
  }

  /** Drops it in this process alone. Returns how many stored responses are gone. */
  drop(drop: Drop): number {
    if (drop.kind === 'everything') return this.clear()
    return drop.keys.reduce((sum, key) => sum + this.#drop(key), 0)
  }

  /**
   * Drops what is stored under a target's key and under the QUERY keys of that target; no fetch under way but `except`
   * may store for them. Returns how many stored responses are gone.
   */
  #drop(key: string, except?: Fetch): number {
    let dropped = 0
    for (const each of [key, ...(this.#queries.get(key) ?? [])]) {
      dropped += this.store.get(each)?.variants.length ?? 0
      this.store.delete(each)
    }
    this.#queries.delete(key)
    this.#hitForMiss.delete(key)
    // Writes and purges are rare, and the fetches under way are no more than the connections to origins.
    for (const other of this.#storing.slice())
      if (other !== except && targetKeyOf(other.key) === key) other.forbidStore()
    return dropped
  }

  put(fetch: Fetch, stored: Stored, body: StoredBytes): void {
    const { visit, key } = fetch
    let entry = this.store.get(key)
    if (entry !== undefined && entry.mark !== visit.route.mark) {
      // Of two configurations the newer one's answer stays; the other's was only for those who waited for it.
      if (visit.route.mark !== this.#markOf(visit)) return
      this.store.delete(key)
      entry = undefined
    }
    let metadata = stored
    let bytes = body
    const before = entry?.stored.find((other) => other.variant === stored.variant)
    if (stored.content.kind === 'part' && entry !== undefined && before !== undefined) {
      const combined = combine(before, stored)
      if (combined !== undefined) {
        metadata = combined.stored
        bytes = joined(combined.pieces, entry.of(before)!.identity.body, body)
      } else if (before.content.kind === 'whole' && this.nowMs() < before.freshUntilMs) {
        return // A part of another representation does not drive out a whole one that is still good.
      }
    }
    const variant = new Variant(metadata, visit.route.policy, bytes)
    entry ??= new KeyEntry(key, visit.route.mark)
    entry.put(variant, VARIANTS_MAX)
    this.#hitForMiss.delete(key)
    if (this.store.put(key, entry, entry.cost)) this.#indexQuery(key)
    else {
      this.store.delete(key)
      entry.leave()
    }
  }

  /** Everything is dropped from the cache, and no fetch under way is stored. Returns how many responses are gone. */
  clear(): number {
    let dropped = 0
    for (const { value } of this.store.entries()) dropped += value.variants.length
    this.store.clear()
    this.#hitForMiss.clear()
    for (const fetch of this.#storing.slice()) fetch.forbidStore()
    return dropped
  }

  /** PURGE is answered here, and goes to no origin, whoever asks. */
  #answerPurge(view: RequestView, reply: Reply, startMs: number): RequestCall | undefined {
    const refuse = (failure: Failure): undefined => void this.#refuseEarly(reply, startMs, failure)
    if (!this.#config.mayPurge(reply.client, view.keep()().fields))
      return refuse(new Failure('purge-refused', 'this client may not empty the cache'))
    const dropped = this.purge(view)
    if (dropped === undefined) return refuse(noRoute())
    const answer = (count: number): void => {
      answerPurged(reply, count)
      this.#record(reply, 'self', 'purge', 200, startMs)
    }
    if (typeof dropped === 'number') return void answer(dropped)
    const call = new WaitingCall(this.#routeOf(view)!.bodyBytesMax)
    void dropped.then((count) => {
      if (!call.isGone) answer(count)
    })
    return call
  }

  /** Of a site with one route its target is not looked at: nobody may ask for it. */
  #routeOf(view: RequestView): Route | undefined {
    const { routes } = this.#config
    return routes.only ?? routes.match(view.authority, view.pathAndQuery)
  }

  #startOrJoin(consumer: Consumer, plan: Plan, joinable: boolean): RequestCall {
    const { visit } = consumer
    if (!joinable || this.#hitForMiss.has(visit.key, this.nowMs())) return this.#start(consumer, plan, false)
    const running = this.#fetches.get(visit.key)
    // One that began under another configuration may have asked another application.
    if (running === undefined || running.visit.route.mark !== visit.route.mark)
      return this.#start(consumer, plan, true)
    visit.detach()
    return running.join(consumer) ? consumer : this.#start(consumer, plan, false)
  }

  #start(consumer: Consumer, plan: Plan, registered: boolean): RequestCall {
    const { visit } = consumer
    const { origin, names } = this.#origins.get(visit.route.service)!
    if (answerDirectly(this, consumer, plan, origin)) return consumer
    const fetch = new Fetch(visit.key, consumer, plan, this)
    if (registered) {
      fetch.isRegistered = true
      this.#fetches.set(visit.key, fetch)
    }
    if (plan.store) fetch.storingAt = this.#storing.push(fetch) - 1
    const gateway = gatewayLines(visit, names, this.#identity)
    const request = new ForwardedRequest(visit, plan.ask, gateway, originBody(visit))
    fetch.begin(this.#asked(origin, visit), request)
    // Only now: a connection that was free has taken the request's lines out of the codec's buffer by itself.
    visit.detach()
    return consumer
  }

  /** Where siblings have to hear of a change first, its answer is held until they have. */
  #asked(origin: Origin, visit: Visit): Pick<Origin, 'send'> {
    const { siblings } = this.#parts
    if (siblings === undefined || !mayInvalidate(visit.method)) return origin
    return holding(origin, (head) =>
      invalidates(visit.method, head.status)
        ? siblings.spread({ kind: 'keys', keys: [visit.key, ...invalidatedKeys(visit.head, head)] })
        : undefined,
    )
  }

  /** The mark that a visit's URL has under the present configuration. */
  #markOf({ authority, pathAndQuery }: Visit): string | undefined {
    return this.#config.routes.match(authority, pathAndQuery)?.mark
  }

  /**
   * What is stored under the key of a visit. What was stored under another configuration of its route is no answer to it,
   * and leaves: it may be of another application, or was made without cookies that count now.
   */
  entryOf(visit: Visit): KeyEntry | undefined {
    const entry = this.store.get(visit.key)
    if (entry === undefined || entry.mark === visit.route.mark) return entry
    // A visit from before the change does not take the newer answer away.
    if (entry.mark !== this.#markOf(visit)) this.store.delete(visit.key)
    return undefined
  }

  #indexQuery(key: string): void {
    const target = targetKeyOf(key)
    if (target === key) return
    const keys = this.#queries.get(target)
    if (keys === undefined) this.#queries.set(target, new Set([key]))
    else keys.add(key)
  }

  /** Called by the store with every entry that leaves it. */
  left(entry: KeyEntry): void {
    entry.leave()
    const target = targetKeyOf(entry.key)
    if (target === entry.key) return
    const keys = this.#queries.get(target)
    keys?.delete(entry.key)
    if (keys?.size === 0) this.#queries.delete(target)
  }

  #updateFromHead(fetch: Fetch, head: ResponseHead, requestMs: number): void {
    const { variant } = fetch.plan
    const entry = this.store.get(fetch.key)
    if (variant === undefined || entry?.variants.includes(variant) !== true) return
    const effect = headEffect(variant.stored, totalBytesOf(variant), head)
    if (effect === 'none') return
    const { visit } = fetch
    const times = { requestMs, responseMs: this.nowMs() }
    const fresh =
      effect === 'update' ? freshened(visit, variant.stored, head, times, visit.route.policy) : undefined
    if (fresh?.keep === true) variant.update(fresh.stored)
    else entry.remove(variant)
    this.#changed(entry)
  }

  #resize(variant: Variant): boolean {
    const entry = this.store.get(variant.stored.key)
    return entry?.variants.includes(variant) === true && this.store.resize(entry.key, entry.cost)
  }

  /** Whether this instance stands in a CDN-Loop field (RFC 8586 §2), which others may have spaced in their own way. */
  #loops(value: string): boolean {
    return value.split(',').some((member) => {
      const [name, ...parameters] = member.split(';').map((part) => part.trim())
      return name === 'myriad' && parameters.includes(`id=${this.#parts.instance}`)
    })
  }

  #refuseEarly(reply: Reply, startMs: number, failure: Failure, headOnly = false): void {
    answerWithFailure(reply, failure, headOnly)
    this.#record(reply, 'self', failure.reason, failure.status, startMs)
  }

  #record(reply: Reply, tier: Tier, reason: Reason, status: number, startMs: number): void {
    this.#parts.recorder.answered(tier, reason, status, startMs)
    reply.answered?.(tier, reason, status)
  }
}

/** A request that is answered later, and whose body is of no interest. */
class WaitingCall implements RequestCall {
  isGone = false

  constructor(readonly bodyBytesMax: number) {}

  data(): void {
    // Nobody reads it.
  }

  end(): void {
    // It has been understood without.
  }

  writable(): void {
    // The answer goes out in one piece.
  }

  gone(): void {
    this.isGone = true
  }
}

const bodyTooLarge = ({ bodyBytesMax }: Route): Failure =>
  new Failure('body-too-large', `the body is larger than ${bodyBytesMax} bytes`)

const noRoute = (): Failure => new Failure('no-route', 'no route takes this request')

/** The length of the whole representation; undefined when only a part is stored and the whole is not known. */
function totalBytesOf(variant: Variant): number | undefined {
  const { content } = variant.stored
  return content.kind === 'part' ? content.total : variant.identity.body.length
}

/** Looked up once for the address that a client's requests come from, which is the same for one after the other. */
function countryOfClient(
  view: RequestView,
  client: Client,
  countryOf: EngineConfig['countryOf'],
): string | undefined {
  const address = clientAddress(view, client)
  const { located } = client
  if (located?.address === address && located.countryOf === countryOf) return located.country
  const country = countryOf(address)
  client.located = { address, countryOf, country }
  return country
}

/** Whether a visit may wait for, or lead, a fetch that is shared. */
function joins(visit: Visit): boolean {
  return visit.method !== 'HEAD' && visit.range === undefined
}

const noOriginBody: OriginBody = { kind: 'none' }

function originBody(visit: Visit): OriginBody {
  if (visit.collected !== undefined) {
    return visit.collected.length === 0 ? noOriginBody : { kind: 'whole', bytes: visit.collected }
  }
  switch (visit.body.kind) {
    case 'none':
      return noOriginBody
    case 'length':
      return { kind: 'stream', bytes: visit.body.bytes }
    case 'unknown':
      return { kind: 'stream', bytes: undefined }
  }
}

function joined(
  pieces: readonly { from: 'stored' | 'arrived'; offset: number; bytes: number }[],
  stored: Uint8Array,
  arrived: StoredBytes,
): StoredBytes {
  const body = arrived.bytes.subarray(HEADROOM)
  const chunks = pieces.map(({ from, offset, bytes }) =>
    (from === 'stored' ? stored : body).subarray(offset, offset + bytes),
  )
  return withHeadroom(
    chunks,
    pieces.reduce((sum, piece) => sum + piece.bytes, 0),
  )
}
