// The way of a request, in order. Each stage is one function; the decisions are pure and live in the folders that own
// them; what they decide is carried out by the engine (engine.ts).
//
//   receive ─▶ rules ─▶ route ─▶ bypass ─▶ key ─▶ lookup ─▶ decide ─┬▶ serve
//                                                                   ├▶ serve, and revalidate in the background
//                                                                   ├▶ revalidate ─▶ (304) serve · (200) store
//                                                                   ├▶ join a fetch in progress
//                                                                   └▶ fetch ─▶ store
import { unreachable } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import type { Reason } from '../base/reason.ts'
import { queryKey } from '../cache/key.ts'
import { reuse, reuseNothing, type Reuse } from '../cache/reuse.ts'
import { selectVariant } from '../cache/vary.ts'
import type { Engine } from './engine.ts'
import { Consumer } from './consumer.ts'
import { askToStore } from './forward.ts'
import type { RequestCall } from './reply.ts'
import { serve } from './serve.ts'
import type { KeyEntry } from './key-entry.ts'
import type { Variant } from './variant.ts'
import type { Visit } from './visit.ts'

/** Pieces of a QUERY's body that are kept before they are put together. */
const PIECES_MAX = 64

/** Sends a visit on its way. Returns a call when it could not be answered at once. */
export function begin(engine: Engine, visit: Visit): RequestCall | undefined {
  if (visit.method === 'OPTIONS' && visit.fields.first('max-forwards') === '0') {
    engine.options(visit)
    return undefined
  }
  const why = passReason(visit)
  if (why !== undefined) return isOver(engine, visit) ? undefined : engine.pass(new Consumer(visit), why)
  if (visit.method === 'QUERY') return collectQuery(engine, visit)
  return lookup(engine, visit)
}

/** Why the cache is not asked at all; undefined: it is. */
export function passReason(visit: Visit): Reason | undefined {
  const { method } = visit
  if (visit.upgrade !== undefined) return 'upgrade'
  if (visit.bypass !== undefined) return visit.bypass
  if (method === 'QUERY') return undefined
  if (method !== 'GET' && method !== 'HEAD') return 'method'
  if (visit.body.kind !== 'none') return 'request-body'
  return visit.ifMatch ? 'if-match' : undefined
}

/**
 * Looks the key up and carries out what the stored response allows. `waiting`: the listener's call, for a visit that
 * has been under way before.
 */
export function lookup(engine: Engine, visit: Visit, waiting?: Consumer): RequestCall | undefined {
  const entry = engine.entryOf(visit)
  const variant = entry === undefined ? undefined : select(entry, visit)
  const decision = decide(engine, visit, entry, variant)
  if (visit.route.rates !== undefined && asksOrigin[decision.kind] && isOver(engine, visit)) {
    if (waiting !== undefined) waiting.done = true
    return undefined
  }
  switch (decision.kind) {
    case 'serve':
      if (waiting !== undefined) waiting.done = true
      serve(engine, visit, variant!, decision.reason)
      return undefined
    case 'serve-and-revalidate':
      if (waiting !== undefined) waiting.done = true
      engine.refresh(visit, variant!)
      serve(engine, visit, variant!, decision.reason)
      return undefined
    case 'revalidate':
      return engine.revalidate(waiting ?? new Consumer(visit), variant!, decision.reason)
    case 'complete':
      return engine.fetch(waiting ?? new Consumer(visit), decision.reason, variant, {
        kind: 'range',
        range: decision.range,
        ifRange: decision.ifRange,
      })
    case 'miss':
      return engine.fetch(waiting ?? new Consumer(visit), decision.reason, variant, askToStore)
    case 'unavailable':
      if (waiting !== undefined) waiting.done = true
      engine.refuse(visit, new Failure('only-if-cached', 'nothing is stored for this request'))
      return undefined
    default:
      return unreachable(decision)
  }
}

const asksOrigin: Readonly<Record<Reuse['kind'], boolean>> = {
  serve: false,
  // Whoever happens to come by then does not ask for it.
  'serve-and-revalidate': false,
  unavailable: false,
  revalidate: true,
  complete: true,
  miss: true,
}

/** Whether a request that the cache does not answer is one too many; counted once, however often it is looked up. */
function isOver(engine: Engine, visit: Visit): boolean {
  const { rates } = visit.route
  if (rates === undefined || visit.isCounted) return false
  visit.isCounted = true
  return engine.overRate(visit, rates.misses)
}

function decide(
  engine: Engine,
  visit: Visit,
  entry: KeyEntry | undefined,
  variant: Variant | undefined,
): Reuse {
  if (variant === undefined) return reuseNothing(visit, entry !== undefined)
  return reuse(visit, variant.stored, engine.nowMs(), visit.route.policy)
}

/** The variant for this request's fields (RFC 9111 §4.1). */
function select(entry: KeyEntry, visit: Visit): Variant | undefined {
  if (entry.only !== undefined) return entry.only
  const stored = selectVariant(entry.stored, visit)
  return stored === undefined ? undefined : entry.of(stored)
}

/** A QUERY's body belongs to its key (RFC 10008): it is read first; a body over the limit passes. */
function collectQuery(engine: Engine, visit: Visit): RequestCall | undefined {
  const consumer = new Consumer(visit)
  const { body } = visit
  if (body.kind === 'none') {
    withBody(engine, consumer, new Uint8Array(0))
    return consumer
  }
  if (body.kind === 'length' && body.bytes > engine.queryBytesMax)
    return engine.pass(consumer, 'body-too-large')
  visit.detach()
  if (visit.expectsContinue) visit.reply.wantBody()
  let chunks: Uint8Array[] = []
  let bytes = 0
  consumer.collector = {
    data(chunk) {
      chunks.push(Uint8Array.prototype.slice.call(chunk))
      bytes += chunk.length
      // However small the pieces: what is kept is bytes, not an array for each of them.
      if (chunks.length === PIECES_MAX) chunks = [Buffer.concat(chunks, bytes)]
      if (bytes <= engine.queryBytesMax) return
      consumer.collector = undefined
      engine.pass(consumer, 'body-too-large')
      for (const early of chunks) consumer.data(early)
    },
    end() {
      consumer.collector = undefined
      withBody(engine, consumer, Buffer.concat(chunks, bytes))
    },
  }
  return consumer
}

function withBody(engine: Engine, consumer: Consumer, body: Uint8Array): void {
  const { visit } = consumer
  const { fields } = visit
  visit.key = queryKey(visit.key, fields.get('content-type'), fields.get('content-encoding'), body)
  visit.collected = body
  lookup(engine, visit, consumer)
}
