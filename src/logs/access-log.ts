// The access log: one line for each request, written when its answer is over. A line is put together as octets, in place,
// in a buffer that a writer empties behind the back of the requests (log-writer.ts): it costs a request less than a
// microsecond, and none ever waits for it.
//
// Left out on purpose: Cookie, Authorization and every other field that is not named in members.ts, and bodies.
import type { Clock } from '../base/clock.ts'
import { failures } from '../base/failure.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import { patternPath, type Matcher } from '../cube/y/pattern.ts'
import { clientAddress } from '../request/client-address.ts'
import type { Client } from '../request/reply.ts'
import type { LoggableRequest, LoggedRequest, RequestLog } from '../request/request-log.ts'
import { combinedLine } from './combined-line.ts'
import type { Entry, LineFormat } from './entry.ts'
import { jsonLine } from './json-line.ts'
import type { LineBuffer } from './line-buffer.ts'
import { masking, withoutQuery } from './mask.ts'
import { networkOf } from './network.ts'
import { ESCAPED_BYTES_MAX, TEXT_CHARS_MAX } from './octets.ts'
import type { Hidable } from './members.ts'

/** What a line takes beside the texts of strangers. */
const FIXED_BYTES_MAX = 512
/** The client left before there was an answer: there is no status, so nginx's is shown. */
const gone = failures['client-gone']

const formats: Readonly<Record<'json' | 'combined', LineFormat>> = {
  json: jsonLine,
  combined: combinedLine,
}

/** How requests are taken down. */
export interface AccessLogSettings {
  readonly format: 'json' | 'combined'
  readonly mask: readonly string[]
  readonly hide: ReadonlySet<Hidable>
  readonly clients: 'whole' | 'network'
  /** Paths that are not logged. */
  readonly except: readonly Matcher[]
}

/** What an access log is made of. */
export interface AccessLogParts {
  /** For when a request has come; may be read once in a turn. */
  readonly clock: Clock
  /** For how long it took. */
  readonly exact: Clock
  readonly buffer: LineBuffer
  readonly settings: AccessLogSettings
  /** A line has been added. */
  added(): void
}

/** Takes requests down, and writes their lines. */
export class AccessLog implements RequestLog {
  readonly #parts: AccessLogParts
  readonly #format: LineFormat
  readonly #masked: (url: string) => string
  readonly #hides: Readonly<Record<Hidable, boolean>>

  constructor(parts: AccessLogParts) {
    const { format, mask, hide } = parts.settings
    this.#parts = parts
    this.#format = formats[format]
    this.#masked = masking(mask)
    this.#hides = {
      client: hide.has('client'),
      host: hide.has('host'),
      query: hide.has('query'),
      referer: hide.has('referer'),
      userAgent: hide.has('userAgent'),
      requestId: hide.has('requestId'),
    }
  }

  begin(request: LoggableRequest, client: Client, protocol: string): LoggedRequest | undefined {
    const { settings, clock } = this.#parts
    if (settings.except.length > 0) {
      const path = patternPath(request.pathAndQuery)
      if (settings.except.some((matches) => matches(path))) return undefined
    }
    const hides = this.#hides
    const referer = hides.referer ? undefined : request.text('referer')
    return new LineToCome(
      this,
      clock.monotonicMs(),
      hides.client ? '' : this.#address(client, request),
      request.method,
      request.scheme,
      hides.host ? '' : request.authority,
      this.#url(request.rawTarget),
      protocol,
      referer === undefined ? undefined : this.#url(referer),
      hides.userAgent ? undefined : request.text('user-agent'),
      hides.requestId ? undefined : request.text('x-request-id'),
    )
  }

  /** Writes the line of an entry that is complete. */
  write(entry: LineToCome): void {
    const { exact, clock, buffer } = this.#parts
    entry.durationMs = Math.max(0, exact.monotonicMs() - entry.startMs)
    entry.timeMs = Math.floor(clock.nowMs() - entry.durationMs)
    if (buffer.add(bytesMaxOf(entry), this.#format, entry)) this.#parts.added()
  }

  #address(client: Client, request: LoggableRequest): string {
    const address = clientAddress(request, client)
    return this.#parts.settings.clients === 'whole' ? address : networkOf(address)
  }

  #url(url: string): string {
    const masked = this.#masked(url)
    return this.#hides.query ? withoutQuery(masked) : masked
  }
}

/** How long a line can be at most. */
function bytesMaxOf({ path, host, referer, userAgent, requestId, method }: Entry): number {
  const chars =
    Math.min(path.length, TEXT_CHARS_MAX) +
    Math.min(host.length, TEXT_CHARS_MAX) +
    Math.min(method.length, TEXT_CHARS_MAX) +
    lengthOf(referer) +
    lengthOf(userAgent) +
    lengthOf(requestId)
  return FIXED_BYTES_MAX + ESCAPED_BYTES_MAX * chars
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : Math.min(text.length, TEXT_CHARS_MAX)
}

/** An entry that is being completed. */
class LineToCome implements LoggedRequest, Entry {
  timeMs = 0
  status = 0
  bytes = 0
  durationMs = 0
  whole = false
  tier: Tier = 'self'
  reason: Reason = gone.reason
  #state: 'open' | 'ended' | 'written' = 'open'

  constructor(
    private readonly log: AccessLog,
    /** Monotonic. */
    readonly startMs: number,
    readonly client: string,
    readonly method: string,
    readonly scheme: string,
    readonly host: string,
    readonly path: string,
    readonly protocol: string,
    readonly referer: string | undefined,
    readonly userAgent: string | undefined,
    readonly requestId: string | undefined,
  ) {}

  answered(tier: Tier, reason: Reason, status: number): void {
    this.tier = tier
    this.reason = reason
    this.status = status
    if (this.#state === 'ended') this.#write()
  }

  ended(bytes: number, whole: boolean): void {
    if (this.#state !== 'open') return
    this.bytes = bytes
    this.whole = whole
    // Of an answer that was sent at once it is told right after who gave it.
    if (this.status === 0 && whole) {
      this.#state = 'ended'
      return
    }
    if (this.status === 0) this.status = gone.status
    this.#write()
  }

  #write(): void {
    this.#state = 'written'
    this.log.write(this)
  }
}
