// A request to the origin, and the visits that share its answer (collapsing). Followers attach when the response's
// head has proved the answer shareable with them, and stream from the fetch in progress; when it is not, each goes
// its own way, so that uncacheable answers do not serialise. A fetch outlives its first client when others wait.
//
// Long because the states of a fetch depend on one another, and stand together here.
import { Failure } from '../base/failure.ts'
import type { Reason } from '../base/reason.ts'
import { answer, combine } from '../cache/partial.ts'
import { sharedWith } from '../cache/reuse.ts'
import { storable } from '../cache/storable.ts'
import type { Stored } from '../cache/stored.ts'
import { variantKey } from '../cache/vary.ts'
import { formatHttpDate } from '../http/date.ts'
import type { Fields } from '../http/fields.ts'
import type { ResponseHead } from '../http/message.ts'
import { fieldLines } from '../http1/head-writer.ts'
import type { Origin, OriginCall, OriginEvents, OriginRequest } from '../origin/origin.ts'
import { forwardedStatus } from './cache-status.ts'
import { passingCoding } from './coded-reply.ts'
import { addVary, codable, downstreamFields, forwardedLines, isUnchanged } from './downstream.ts'
import type { Consumer } from './consumer.ts'
import type { FetchOwner, Plan } from './fetch-owner.ts'
import { HEADROOM, withHeadroom } from './representation.ts'
import type { Visit } from './visit.ts'

/** How far behind the fastest client of a fetch that is not stored another may be, at least. */
const LAG_BYTES_MAX = 1 << 20

type Phase = 'head' | 'body' | 'complete' | 'failed'

/** Status codes of an origin's own failure, behind which a stale response may be served (RFC 5861 §4). */
const failing = new Set([500, 502, 503, 504])

/** One exchange with the origin. */
export class Fetch implements OriginEvents {
  /** Whether others may join it, by its key; the owner's. */
  isRegistered = false
  /** Its place among the fetches whose answer may be stored, -1: none; the owner's. */
  storingAt = -1
  #phase: Phase = 'head'
  #call: OriginCall | undefined
  #requestMs = 0
  /** Attached, and being sent the body. */
  readonly #consumers: Consumer[] = []
  /** Waiting for the head. */
  #followers: Consumer[] = []
  /** For those who join later; an answer that is not stored is joined by nobody. */
  #head: ResponseHead | undefined
  /** What followers that set no conditions are all sent: a crowd's heads are made once. */
  #followersHead: ResponseHead | undefined
  #stored: Stored | undefined
  #chunks: Uint8Array[] = []
  /** Chunks that every consumer has been sent and that are gone. */
  #droppedChunks = 0
  /** What the chunks take in the owner's account. */
  #keptBytes = 0
  #receivedBytes = 0
  #bodyBytes: number | undefined
  #trailers: Fields | undefined
  #storeForbidden = false
  /** What follows is of no interest: it is read so that the connection can be used again. */
  #ignoring = false
  /** The rest of what is stored is on its way: the client, which asked for the whole, is answered at its end. */
  #completing = false
  #originPaused = false
  #released = false
  #clientPaused = false

  constructor(
    readonly key: string,
    readonly leader: Consumer,
    readonly plan: Plan,
    private readonly owner: FetchOwner,
  ) {
    if (!plan.background) leader.fetch = this
    plan.variant?.hold()
  }

  get visit(): Visit {
    return this.leader.visit
  }

  begin(origin: Pick<Origin, 'send'>, request: OriginRequest): void {
    this.#requestMs = this.owner.clock.nowMs()
    this.#call = origin.send(request, this)
  }

  /** The stale response is no longer needed: the answer has begun, or there will be none. */
  #releaseVariant(): void {
    if (this.#released) return
    this.#released = true
    this.plan.variant?.release()
  }

  /** Attaches a follower: at once when the head is known and the answer is shareable with it, else it waits. */
  join(consumer: Consumer): boolean {
    if (this.#phase === 'head') {
      this.#followers.push(consumer)
      consumer.fetch = this
      return true
    }
    const stored = this.#stored
    if (this.#phase !== 'body' || stored === undefined || this.#droppedChunks > 0) return false
    if (this.owner.clock.nowMs() >= stored.freshUntilMs || !shareable(consumer.visit, stored)) return false
    this.#attach(consumer)
    return true
  }

  /** What was asked has been changed by someone in the meantime: the answer must not be stored. */
  forbidStore(): void {
    this.#storeForbidden = true
    // Who comes from now on has to get what is true after the change.
    this.owner.closed(this)
    this.#stopStoring()
  }

  /** A client has gone: the origin is given up unless others wait for its answer. */
  leave(consumer: Consumer): void {
    remove(this.#consumers, consumer)
    remove(this.#followers, consumer)
    const leaderWaits = this.#phase === 'head' && !this.leader.done && !this.plan.background
    if (this.plan.background || leaderWaits || this.#consumers.length > 0 || this.#followers.length > 0) {
      this.#relieve()
      return
    }
    this.#letGo()
    if (this.#phase === 'complete' || this.#phase === 'failed') return
    this.#phase = 'failed'
    this.#releaseVariant()
    this.owner.closed(this)
    this.#call?.abort()
  }

  requestData(consumer: Consumer, chunk: Uint8Array): void {
    if (consumer !== this.leader || this.#phase === 'failed') return
    if (this.#call?.write(chunk) === false && !this.#clientPaused) {
      this.#clientPaused = true
      consumer.visit.reply.pause()
    }
  }

  requestEnd(consumer: Consumer, trailers: Fields | undefined): void {
    if (consumer === this.leader) this.#call?.finish(trailers)
  }

  writable(): void {
    if (!this.#clientPaused) return
    this.#clientPaused = false
    this.visit.reply.resume()
  }

  interim(head: ResponseHead): void {
    if (this.plan.background || this.leader.done) return
    if (this.visit.policy.cookies === 'drop') head.fields.delete('set-cookie')
    this.visit.reply.interim(head)
  }

  upgraded(head: ResponseHead): void {
    this.#phase = 'body'
    this.#attachTo(this.leader)
    this.visit.reply.tunnel(head)
    this.owner.answered(this.visit, 'origin', this.plan.why, 101)
  }

  head(head: ResponseHead, bodyBytes: number | undefined): void {
    this.#onHead(head, bodyBytes)
    this.#releaseVariant()
  }

  #onHead(head: ResponseHead, bodyBytes: number | undefined): void {
    this.#bodyBytes = bodyBytes
    this.#phase = 'body'
    const { plan, visit, owner } = this
    let followers = this.#followers
    if (followers.length > 0) this.#followers = []
    const leaderWaits = !plan.background && !this.leader.done

    if (plan.ask.kind === 'validate' && head.status === 304) {
      this.#ignore()
      owner.confirmed(this, head, this.#requestMs, leaderWaits ? [this.leader, ...followers] : followers)
      return
    }
    if (failing.has(head.status) && plan.variant !== undefined) {
      followers = followers.filter((follower) => !owner.serveStale(follower, plan, head.status))
      if (plan.background || owner.serveStale(this.leader, plan, head.status)) {
        this.#ignore()
        for (const follower of followers) owner.alone(follower)
        return
      }
    }
    owner.headArrived(this, head, this.#requestMs)

    const responseMs = owner.clock.nowMs()
    // RFC 9110 §6.6.1: a response without Date gets the time of its receipt, whether it is stored or passed on.
    if (!(head.lines ?? head.fields).has('date')) head.fields.append('Date', formatHttpDate(responseMs))
    const verdict = plan.store
      ? storable(visit, head, { requestMs: this.#requestMs, responseMs }, visit.route.policy, visit.url)
      : ({ kind: 'pass', reason: plan.why } as const)
    let reason: Reason = verdict.kind === 'store' ? plan.why : verdict.reason
    if (verdict.kind === 'store' && !this.#storeForbidden) {
      if (bodyBytes !== undefined && bodyBytes > owner.objectBytesMax) reason = 'too-large'
      else if (bodyBytes !== undefined && !fills(verdict.stored, bodyBytes)) reason = 'partial'
      else this.#stored = verdict.stored
    }
    const stored = this.#stored
    if (plan.ask.kind === 'range' && (head.status === 206 || head.status === 416)) {
      this.#completing = stored !== undefined && completes(plan, stored)
      if (this.#completing) return
      this.#ignore()
      return owner.whole(this.leader, plan)
    }
    if (stored === undefined) {
      owner.closed(this)
      if (plan.store && visit.method === 'GET' && !this.#storeForbidden) owner.unshareable(this.key)
      if (leaderWaits) this.#begin(this.leader, head, reason, false)
      for (const follower of followers) owner.alone(follower)
      if (this.#consumers.length === 0) this.#ignore()
      return
    }
    this.#head = head
    const shared = followers.filter((follower) => shareable(follower.visit, stored))
    if (leaderWaits) this.#begin(this.leader, head, reason, false)
    for (const follower of shared) this.#begin(follower, head, 'collapsed', true)
    for (const follower of followers) if (!shared.includes(follower)) owner.alone(follower)
  }

  part(octets: Uint8Array, from: number, to: number): void {
    const bytes = to - from
    this.owner.received(bytes)
    if (this.#ignoring) return
    this.#receivedBytes += bytes
    if (this.#stored !== undefined && this.#receivedBytes > this.owner.objectBytesMax) {
      this.#stopStoring()
      // The next one will be as large: each goes at its own pace.
      this.owner.unshareable(this.key)
    }
    // The usual case keeps nothing: one client, which takes what comes.
    if (this.#stored === undefined && this.#chunks.length === 0 && this.#consumers.length === 1) {
      const consumer = this.#consumers[0]!
      if (!consumer.blocked) {
        consumer.blocked = !consumer.visit.reply.writePart(octets, from, to)
        if (consumer.blocked) this.#pauseOrigin()
        return
      }
    }
    if (this.#stored !== undefined && this.owner.kept.exceeded) this.#stopStoring()
    if (this.#ignoring) return
    this.#chunks.push(Uint8Array.prototype.slice.call(octets, from, to))
    this.#keep(bytes)
    this.#pumpAll()
    this.#relieve()
  }

  end(trailers: Fields | undefined): void {
    this.#phase = 'complete'
    this.#trailers = trailers
    const stored = this.#stored
    const whole = stored !== undefined && fills(stored, this.#receivedBytes)
    if (whole) this.#store(stored)
    this.owner.closed(this)
    if (this.#completing) {
      this.#letGo()
      return whole ? this.owner.completed(this) : this.owner.whole(this.leader, this.plan)
    }
    this.#pumpAll()
    if (this.#consumers.length === 0) this.#letGo()
  }

  /** Hands the body to the store. Who has not been sent all of it gets the rest from there: it is kept once. */
  #store(stored: Stored): void {
    const body = withHeadroom(this.#chunks, this.#receivedBytes)
    // Those who read on hold it: the store may refuse it, or let go of it at once.
    body.hold()
    this.owner.put(this, stored, body)
    for (const consumer of this.#consumers.splice(0)) {
      const { reply } = consumer.visit
      consumer.done = true
      if (consumer.sentBytes < this.#receivedBytes)
        reply.write(body.bytes.subarray(HEADROOM + consumer.sentBytes), body)
      reply.finish(this.#trailers)
    }
    body.release()
  }

  fail(failure: Failure): void {
    const { owner, plan } = this
    const early = this.#phase === 'head'
    this.#phase = 'failed'
    owner.closed(this)
    this.#letGo()
    if (this.#ignoring) return
    if (this.#completing && !this.leader.done) {
      this.leader.done = true
      return owner.refuse(this.visit, failure)
    }
    if (!early) {
      for (const consumer of this.#consumers.splice(0)) {
        consumer.done = true
        consumer.visit.reply.fail()
      }
      return
    }
    const followers = this.#followers
    this.#followers = []
    const waiting = plan.background || this.leader.done ? followers : [this.leader, ...followers]
    for (const consumer of waiting) {
      if (owner.serveStale(consumer, plan, undefined)) continue
      consumer.done = true
      owner.refuse(consumer.visit, failure)
    }
    this.#releaseVariant()
  }

  /** Sends a consumer what it has not been sent yet. */
  pump(consumer: Consumer): void {
    if (consumer.done || consumer.blocked || this.#phase === 'failed') return
    while (consumer.next - this.#droppedChunks < this.#chunks.length) {
      const chunk = this.#chunks[consumer.next - this.#droppedChunks]!
      consumer.next++
      consumer.sentBytes += chunk.length
      if (!consumer.visit.reply.write(chunk)) {
        consumer.blocked = true
        break
      }
    }
    if (this.#phase === 'complete' && consumer.next - this.#droppedChunks >= this.#chunks.length) {
      // What is still on its way to the client is the listener's; nothing more comes from here.
      consumer.done = true
      remove(this.#consumers, consumer)
      if (this.#consumers.length === 0) this.#letGo()
      consumer.visit.reply.finish(this.#trailers)
      return
    }
    this.#relieve()
  }

  /** Consumers leave the list when they have all they get. */
  #pumpAll(): void {
    if (this.#consumers.length === 1) this.pump(this.#consumers[0]!)
    else for (const consumer of this.#consumers.slice()) this.pump(consumer)
  }

  /** Starts a client's response. `collapsed`: it is a follower. */
  #begin(consumer: Consumer, head: ResponseHead, reason: Reason, collapsed: boolean): void {
    const { visit } = consumer
    const stored = this.#stored
    const coding = stored === undefined ? passingCoding(visit, head, this.#bodyBytes) : undefined
    if (stored === undefined && coding === undefined && this.#forward(consumer, head, reason)) return
    const tier = collapsed ? 'collapsed' : 'origin'
    const alike = collapsed && visit.isPlain && visit.route === this.visit.route
    const known = alike ? this.#followersHead : undefined
    if (known !== undefined) {
      this.#attachTo(consumer)
      visit.reply.start(known, this.#bodyBytes, true)
      this.owner.answered(visit, tier, reason, head.status)
      return
    }
    const member = forwardedStatus(this.plan.why, reason, head.status, stored !== undefined, collapsed)
    // Nobody else is going to read the head of an answer that is not shared.
    const own = stored === undefined ? head.fields : head.fields.clone()
    const fields = downstreamFields(own, visit.policy)
    const isCodable =
      coding !== undefined || (stored !== undefined && codable(head.status, head.fields, this.#bodyBytes))
    if (isCodable) addVary(fields)
    // The owner's validator, as on the hits to come.
    if (stored?.etag !== undefined && stored.etag !== stored.originEtag) fields.set('ETag', stored.etag)
    fields.append('Cache-Status', member)
    if (stored?.content.kind === 'whole' && visit.range === undefined) {
      // The client's own copy may still be good (RFC 9111 §4.3.2): its conditions were not sent to the origin.
      const form = answer(
        visit,
        stored,
        { etag: stored.etag, totalBytes: this.#bodyBytes },
        this.owner.clock.nowMs(),
      )
      if (form.kind === 'not-modified') {
        fields.delete('content-length')
        fields.delete('content-type')
        consumer.done = true
        visit.reply.start({ status: 304, reason: '', fields }, undefined, false)
        visit.reply.finish(undefined)
        this.owner.answered(visit, tier, reason, 304)
        return
      }
    }
    this.#attachTo(consumer)
    const hasBody = hasContent(visit, head.status)
    // RFC 9110 §8.6: a 204 has no length.
    if (hasBody || head.status === 204) fields.delete('content-length')
    if (coding !== undefined && coding !== 'identity') consumer.code(coding, fields, hasBody)
    const begun = { status: head.status, reason: head.reason, fields }
    if (alike && hasBody) {
      fields.text = fieldLines(fields)
      this.#followersHead = begun
    }
    visit.reply.start(begun, this.#bodyBytes, hasBody)
    this.owner.answered(visit, tier, reason, head.status)
  }

  /** Passes on a head that is not stored and that nothing here changes, as it came; returns whether it could be. */
  #forward(consumer: Consumer, { status, reason, lines }: ResponseHead, why: Reason): boolean {
    const { visit } = consumer
    if (lines === undefined || !isUnchanged(lines, visit.policy)) return false
    const added = forwardedLines(this.plan.why, why, status)
    const hasBody = hasContent(visit, status)
    if (!visit.reply.forward(status, reason, lines, added, this.#bodyBytes, hasBody)) return false
    this.#attachTo(consumer)
    this.owner.answered(visit, 'origin', why, status)
    return true
  }

  #attach(consumer: Consumer): void {
    this.#begin(consumer, this.#head!, 'collapsed', true)
    this.pump(consumer)
  }

  #attachTo(consumer: Consumer): void {
    consumer.fetch = this
    consumer.next = this.#droppedChunks
    consumer.sentBytes = 0
    consumer.blocked = false
    this.#consumers.push(consumer)
  }

  /** Goes on without storing: what all have been sent is let go, and the slowest client sets the pace. */
  #stopStoring(): void {
    if (this.#stored === undefined) return
    this.#stored = undefined
    this.owner.closed(this)
    this.#relieve()
    if (this.#consumers.length > 0 || this.#phase !== 'body') return
    this.#ignore()
    if (!this.#completing) return
    this.#completing = false
    this.owner.whole(this.leader, this.plan)
  }

  /**
   * When nothing is being stored: lets go of chunks that all have been sent, and stops or restarts the origin. One slow
   * client among several is waited for only so far: a follower that is further behind is cut off, the leader sets the
   * pace.
   */
  #relieve(): void {
    if (this.#stored !== undefined || this.#phase !== 'body') return
    const { kept, objectBytesMax } = this.owner
    const lagBytesMax = kept.exceeded ? LAG_BYTES_MAX : Math.max(LAG_BYTES_MAX, objectBytesMax)
    this.#cutLaggards(lagBytesMax)
    let least = this.#droppedChunks + this.#chunks.length
    let allBlocked = this.#consumers.length > 0
    for (const consumer of this.#consumers) {
      least = Math.min(least, consumer.next)
      allBlocked &&= consumer.blocked
    }
    for (let gone = least - this.#droppedChunks; gone > 0; gone--) this.#keep(-this.#chunks[gone - 1]!.length)
    if (least > this.#droppedChunks) {
      this.#chunks.splice(0, least - this.#droppedChunks)
      this.#droppedChunks = least
    }
    if (allBlocked || this.#keptBytes > (kept.exceeded ? 0 : lagBytesMax)) this.#pauseOrigin()
    else if (this.#originPaused) {
      this.#originPaused = false
      this.#call?.resume()
    }
  }

  #cutLaggards(lagBytesMax: number): void {
    if (this.#consumers.length < 2 || this.#keptBytes <= lagBytesMax) return
    const furthest = Math.max(...this.#consumers.map(({ sentBytes }) => sentBytes))
    for (const consumer of this.#consumers.slice()) {
      if (consumer === this.leader || furthest - consumer.sentBytes <= lagBytesMax) continue
      consumer.done = true
      remove(this.#consumers, consumer)
      consumer.visit.reply.fail()
    }
  }

  #keep(bytes: number): void {
    this.#keptBytes += bytes
    this.owner.kept.add(bytes)
  }

  /** Nobody needs what has come. */
  #letGo(): void {
    if (this.#chunks.length === 0) return
    this.#droppedChunks += this.#chunks.length
    this.#chunks = []
    this.#keep(-this.#keptBytes)
  }

  #pauseOrigin(): void {
    if (this.#originPaused || this.#phase !== 'body') return
    this.#originPaused = true
    this.#call?.pause()
  }

  /** The rest of the answer is nobody's: a short one is read to its end, a long one is not worth its connection. */
  #ignore(): void {
    this.#ignoring = true
    this.#letGo()
    this.owner.closed(this)
    if (this.#bodyBytes === undefined || this.#bodyBytes > 65_536) {
      this.#phase = 'failed'
      this.#call?.abort()
    }
  }
}

/** Whether content follows the head of an answer (RFC 9110 §6.4.1). */
function hasContent(visit: Visit, status: number): boolean {
  return visit.method !== 'HEAD' && status !== 204 && status !== 304
}

/** Whether an answer that was made for another request may answer this one too. */
function shareable(visit: Visit, stored: Stored): boolean {
  return !stored.noCache && sharedWith(visit, stored) && variantKey(stored.vary, visit) === stored.variant
}

/** Whether the part that has come and the one that is stored make the whole. */
function completes(plan: Plan, arrived: Stored): boolean {
  return plan.variant !== undefined && combine(plan.variant.stored, arrived)?.stored.content.kind === 'whole'
}

/** Whether a body of so many bytes is what the head says: a part of another length cannot be told where it belongs. */
function fills({ content }: Stored, bytes: number): boolean {
  return content.kind === 'whole' || bytes === content.last - content.first + 1
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item)
  if (at < 0) return
  // Not `splice`, which makes a list of what it takes out.
  list.copyWithin(at, at + 1)
  list.pop()
}
