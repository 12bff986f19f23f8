// One request to a pool over FastCGI on a connection of its own, with a deadline and a limit: for questions to php-fpm
// itself. The visitors' requests go by src/origin/fastcgi, whose codec this is too.
import type { Timers } from '../base/clock.ts'
import { pairText } from '../origin/fastcgi/name-values.ts'
import {
  beginRequest,
  HEADER_BYTES,
  RecordReader,
  RecordType,
  writeHeader,
} from '../origin/fastcgi/record.ts'
import type { PoolAddress } from './pool.ts'

/** How a request ended. */
export type Exchange =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: string
      /** What PHP and php-fpm wrote to standard error meanwhile. */
      readonly errors: string
    }
  | { readonly kind: 'failed'; readonly code: string }

/**
 * Asks for the connection to be closed after the answer. A kept one would not only hold a worker: php-fpm counts its end as one more
 * active worker, and shows so for a second.
 */
const beginOnce = Uint8Array.from(beginRequest)
beginOnce[HEADER_BYTES + 2] = 0

/** More than any status takes. */
const answerBytesMax = 4 << 20

/** Asks once. `code` of a failure is the system's, or `late`, `large`, `closed` or `invalid`. */
export async function exchange(
  address: PoolAddress,
  params: readonly (readonly [string, string])[],
  timeMs: number,
  timers: Timers,
): Promise<Exchange> {
  const ended = Promise.withResolvers<Exchange>()
  const fail = (code: string): void => ended.resolve({ kind: 'failed', code })
  const timer = timers.after(timeMs, () => fail('late'))
  const reader = new RecordReader()
  const output: Buffer[] = []
  const errors: Buffer[] = []
  let bytes = 0
  let unsent = requestOctets(params)
  const send = (socket: { write(data: Uint8Array): number }): void => {
    const taken = socket.write(unsent)
    if (taken > 0) unsent = unsent.subarray(taken)
  }
  const take = (data: Buffer): void => {
    bytes += data.length
    if (bytes > answerBytesMax) return fail('large')
    for (let at = 0; at < data.length; at = reader.next) {
      const step = reader.step(data, at, data.length)
      // A copy: the socket uses its memory again.
      const piece = (): Buffer => Buffer.from(data.subarray(reader.from, reader.to))
      if (step === 'stdout') output.push(piece())
      else if (step === 'stderr') errors.push(piece())
      else if (step === 'invalid') return fail('invalid')
      else if (step === 'end') return ended.resolve(answered(Buffer.concat(output), Buffer.concat(errors)))
    }
  }
  const handler = {
    open: send,
    drain: send,
    data: (_: unknown, data: Buffer) => take(data),
    close: () => fail('closed'),
    error: (_: unknown, error: Error) => fail(codeOf(error)),
  }
  try {
    const connecting =
      address.kind === 'unix'
        ? Bun.connect({ unix: address.path, socket: handler })
        : Bun.connect({ hostname: address.host, port: address.port, socket: handler })
    // One that connects only after the deadline is not left open.
    void ended.promise.then(() => connecting.then((socket) => socket.end(), fail))
    await Promise.race([connecting, ended.promise])
  } catch (error) {
    fail(codeOf(error))
  }
  const result = await ended.promise
  timer.cancel()
  return result
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'closed'
}

function requestOctets(params: readonly (readonly [string, string])[]): Uint8Array {
  const content = Buffer.from(
    params.map(([name, value]) => pairText(octets(name), octets(value))).join(''),
    'latin1',
  )
  return Buffer.concat([
    beginOnce,
    headerOf(RecordType.params, content.length),
    content,
    headerOf(RecordType.params, 0),
    headerOf(RecordType.stdin, 0),
  ])
}

function headerOf(type: number, contentBytes: number): Uint8Array {
  const made = new Uint8Array(HEADER_BYTES)
  writeHeader(made, 0, type, contentBytes)
  return made
}

/** A text as octets, one character for each. */
function octets(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function answered(output: Buffer, errors: Buffer): Exchange {
  const text = output.toString()
  const end = /\r?\n\r?\n/.exec(text)
  const head = end === null ? text : text.slice(0, end.index)
  const status = Number(/^Status: *(\d{3})/im.exec(head)?.[1] ?? 200)
  const body = end === null ? '' : text.slice(end.index + end[0].length)
  return {
    kind: 'answered',
    status,
    body,
    errors: errors
      .toString()
      .replaceAll(/\p{C}+/gu, ' ')
      .trim(),
  }
}
