// Carries the library's messages to the authority by the runtime's own fetch, in place of the library's HTTP client: with
// limits on time and size, whom to trust, and failures as what they are. The library's repeating by itself, which would
// go on beside the schedule's, sees none of them.
import { rootCertificates } from 'node:tls'
import type { axios } from 'acme-client'
import type { Clock, Timers } from '../../base/clock.ts'
import { messageOf } from '../../base/thrown.ts'
import { AcmeTrouble, plain, problemType, troubleOf } from './problem.ts'

/** What the library's HTTP client sends by. */
type Adapter = Extract<typeof axios.defaults.adapter, (...args: never) => unknown>

const REQUEST_MS_MAX = 30_000
const RESPONSE_BYTES_MAX = 1 << 20

export interface TransportParts {
  /** Certificates that are trusted beside the system's, in PEM. */
  readonly ca: string | undefined
  readonly clock: Clock
  readonly timers: Timers
}

/** What carries messages; throws an AcmeTrouble for an answer that is no success, and when there is none. */
export function transport({ ca, clock, timers }: TransportParts): Adapter {
  const tls = ca === undefined ? {} : { tls: { ca: [...rootCertificates, ca] } }
  return async (config) => {
    const { url = '', method = 'get', data } = config
    const late = new AbortController()
    const timer = timers.after(REQUEST_MS_MAX, () => late.abort(new Error('no answer in time')))
    try {
      const answer = await fetch(url, {
        method: method.toUpperCase(),
        headers: { ...(config.headers.toJSON() as Record<string, string>), 'User-Agent': 'myriad' },
        ...(data === undefined ? {} : { body: data as string }),
        signal: late.signal,
        ...tls,
      })
      const { status, statusText } = answer
      const text = await boundedText(answer)
      const headers = Object.fromEntries(answer.headers)
      // The library itself asks again after badNonce (RFC 8555 §6.5).
      const body = status < 400 ? undefined : parsed(text)
      if (status >= 400 && problemType(body) !== 'badNonce')
        throw troubleOf(status, body, headers['retry-after'], clock.nowMs())
      return { data: text, status, statusText, headers, config }
    } catch (error) {
      if (error instanceof AcmeTrouble) throw error
      const reason = messageOf(error)
      throw new AcmeTrouble('away', plain(`${new URL(url).origin}: ${reason}`))
    } finally {
      timer.cancel()
    }
  }
}

async function boundedText(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of answer.body ?? []) {
    bytes += piece.length
    if (bytes > RESPONSE_BYTES_MAX) throw new Error('the answer is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // An answer of something in between: its status has to be enough.
    return undefined
  }
}
