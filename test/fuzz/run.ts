// Runs inputs through the properties. Every input has a seed of its own, so that one that fails is brought back alone.
import { realClock } from '../../src/base/clock.ts'
import { checkFastCgi, fastCgiInput } from './fastcgi.ts'
import { checkHttp2, http2Input } from './http2.ts'
import { requestInput, responseInput } from './inputs.ts'
import { checkChunks, checkRequests, checkResponses } from './properties.ts'
import { checkProxy, proxyInput } from './proxy.ts'
import { Random } from './random.ts'

/** The sides of the codec. */
export const sides = {
  requests: { input: requestInput, check: checkRequests },
  responses: { input: responseInput, check: checkResponses },
  chunks: { input: requestInput, check: checkChunks },
  proxy: { input: proxyInput, check: checkProxy },
  fastcgi: { input: fastCgiInput, check: checkFastCgi },
  http2: { input: http2Input, check: checkHttp2 },
} as const

export type Side = keyof typeof sides

/** An input that a property does not hold for. */
export interface Found {
  readonly side: Side
  readonly seed: number
  readonly input: Buffer
  readonly problem: string
}

/** An input that takes longer is a hang: the longest ones take a few milliseconds. */
const inputMsMax = 2_000

/** One input. */
export function runOne(side: Side, seed: number): Found | undefined {
  const random = new Random(seed)
  const input = sides[side].input(random)
  const startMs = realClock.monotonicMs()
  let problem: string | undefined
  try {
    problem = sides[side].check(input, random)
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const tookMs = realClock.monotonicMs() - startMs
  if (tookMs > inputMsMax) problem ??= `took ${Math.round(tookMs)} ms`
  return problem === undefined ? undefined : { side, seed, input, problem }
}

/** The side of the n-th input: requests and responses by turns, the others now and then. */
export function sideOf(n: number): Side {
  if (n % 20 === 19) return 'proxy'
  if (n % 10 === 9) return 'chunks'
  if (n % 10 === 8) return 'fastcgi'
  if (n % 10 === 7) return 'http2'
  return n % 2 === 0 ? 'requests' : 'responses'
}
