// The certificate authority: one order from its beginning to a proven certificate (RFC 8555 §7.1), and its advice about
// renewals (RFC 9773). The protocol's messages are the library's; transport.ts carries them.
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Authorization, Client, Order } from 'acme-client'
import type { Clock, Timers } from '../../base/clock.ts'
import { messageOf } from '../../base/thrown.ts'
import { readCertificate } from './certificate.ts'
import { AcmeTrouble, parseRetryAfter, plain, problemText } from './problem.ts'
import type { RenewalWindow } from './schedule.ts'
import { transport } from './transport.ts'

/** Shows that a name is ours, in the way that was configured. */
export interface Solver {
  readonly type: 'http-01' | 'dns-01'
  /** Makes the proof visible. `name` is without '*.'. */
  present(name: string, token: string, proof: string): Promise<void>
  /** Takes it away again. */
  cleanup(name: string, token: string, proof: string): Promise<void>
}

/** An authority as the schedule sees it; throws AcmeTrouble. */
export interface Authority {
  /** A new key and certificate for one name, proven, as one PEM text. `replaces`: what RFC 9773 §5 asks to be told. */
  order(name: string, replaces: string | undefined, signal: AbortSignal): Promise<string>
  /** Its advice about a certificate; undefined when it gives none. */
  advice(renewalId: string): Promise<RenewalWindow | undefined>
}

export interface AuthorityParts {
  /** A URL. */
  readonly directory: string
  readonly email: string
  /** File of certificates that are trusted, too. */
  readonly ca: string | undefined
  /** The account's key, in PEM. */
  readonly accountKey: string
  readonly solver: Solver
  readonly clock: Clock
  readonly timers: Timers
  /** Tells the owner something, in one line. */
  log(text: string): void
}

/** How long the authority may think about a proof, or about a certificate. */
const DECISION_MS_MAX = 180_000
const POLL_MS = { min: 250, max: 5_000 } as const

type Library = typeof import('acme-client')

/** Speaks ACME with one directory. */
export class AcmeAuthority implements Authority {
  readonly #parts: AuthorityParts
  readonly #transport: ReturnType<typeof transport>

  /** Throws when the file `ca` cannot be read. */
  constructor(parts: AuthorityParts) {
    this.#parts = parts
    const { ca, clock, timers } = parts
    this.#transport = transport({
      ca: ca === undefined ? undefined : readFileSync(ca, 'utf8'),
      clock,
      timers,
    })
  }

  async order(name: string, replaces: string | undefined, signal: AbortSignal): Promise<string> {
    const { directory, email, accountKey } = this.#parts
    const library = await this.#load()
    const client = new library.Client({ directoryUrl: directory, accountKey })
    // RFC 8555 §7.3.1: for a key that is known this finds the account.
    await this.#asking(() =>
      client.createAccount({ termsOfServiceAgreed: true, contact: [`mailto:${email}`] }),
    )
    const order = await this.#newOrder(client, name, replaces)
    for (const authorization of await this.#asking(() => client.getAuthorizations(order)))
      if (authorization.status !== 'valid') await this.#prove(client, order, authorization, signal)
    const ready = await this.#until(signal, 'the order', () => client.getOrder(order), ['ready', 'valid'])
    const key = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey
    const [, csr] = await library.crypto.createCsr({ altNames: [name] }, key)
    await this.#asking(() => client.finalizeOrder(ready, csr))
    const valid = await this.#until(signal, 'the certificate', () => client.getOrder(order), ['valid'])
    const pem = `${key.trim()}\n${await this.#asking(() => client.getCertificate(valid))}`
    proven(pem, name)
    return pem
  }

  async advice(renewalId: string): Promise<RenewalWindow | undefined> {
    const { axios } = await this.#load()
    const directory = await this.#asking(() => axios.get<unknown>(this.#parts.directory))
    const base = (directory.data as { renewalInfo?: unknown } | null)?.renewalInfo
    if (typeof base !== 'string') return undefined
    const answer = await this.#asking(() => axios.get<unknown>(`${base.replace(/\/$/, '')}/${renewalId}`))
    const { start, end } = (answer.data as { suggestedWindow?: { start?: unknown; end?: unknown } })
      .suggestedWindow ?? { start: undefined, end: undefined }
    const [startMs, endMs] = [Date.parse(String(start)), Date.parse(String(end))]
    // RFC 9773 §4.2: an end before the start is no window.
    if (!(endMs > startMs)) throw new AcmeTrouble('refused', 'the authority advises no window of time')
    const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], this.#parts.clock.nowMs())
    return { startMs, endMs, retryAfterMs }
  }

  async #newOrder(client: Client, name: string, replaces: string | undefined): Promise<Order> {
    const identifiers = [{ type: 'dns', value: name }]
    const plainly = { identifiers }
    if (replaces === undefined) return this.#asking(() => client.createOrder(plainly))
    try {
      return await this.#asking(() => client.createOrder({ ...plainly, replaces } as typeof plainly))
    } catch (error) {
      // RFC 9773 §5: told twice, or not known to it any more. The certificate matters, not what it replaces.
      if (!(error instanceof AcmeTrouble) || error.kind !== 'refused' || error.type === 'rateLimited')
        throw error
      return this.#asking(() => client.createOrder(plainly))
    }
  }

  async #prove(
    client: Client,
    order: Order,
    authorization: Authorization,
    signal: AbortSignal,
  ): Promise<void> {
    const { solver } = this.#parts
    const name = authorization.identifier.value
    const challenge = authorization.challenges.find(({ type }) => type === solver.type)
    if (challenge === undefined)
      throw new AcmeTrouble('refused', `the authority does not take ${solver.type} for ${plain(name)}`)
    const proof = await client.getChallengeKeyAuthorization(challenge)
    try {
      await solver.present(name, challenge.token, proof)
      await this.#asking(() => client.completeChallenge(challenge))
      await this.#until(
        signal,
        `the proof for ${plain(name)}`,
        async () => (await client.getAuthorizations(order)).find(({ url }) => url === authorization.url)!,
        ['valid'],
      )
    } finally {
      await this.#cleanup(name, challenge.token, proof)
    }
  }

  /** A proof that stays visible harms nobody: it neither hides why an order failed, nor makes it fail. */
  async #cleanup(name: string, token: string, proof: string): Promise<void> {
    try {
      await this.#parts.solver.cleanup(name, token, proof)
    } catch (error) {
      this.#parts.log(`a proof is still there: ${messageOf(error)}`)
    }
  }

  /** Asks until the authority has decided (RFC 8555 §7.5.1). */
  async #until<T extends Order | Authorization>(
    signal: AbortSignal,
    what: string,
    ask: () => Promise<T>,
    wanted: readonly string[],
  ): Promise<T> {
    const endMs = this.#parts.clock.monotonicMs() + DECISION_MS_MAX
    for (let waitMs: number = POLL_MS.min; ; waitMs = Math.min(waitMs * 2, POLL_MS.max)) {
      const object = await this.#asking(ask)
      if (wanted.includes(object.status)) return object
      if (object.status !== 'pending' && object.status !== 'processing' && object.status !== 'ready')
        throw new AcmeTrouble('refused', `${what} is ${object.status}: ${refusal(object)}`)
      if (this.#parts.clock.monotonicMs() > endMs)
        throw new AcmeTrouble('away', `${what} is ${object.status} for too long`)
      await this.#wait(waitMs, signal)
    }
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        timer.cancel()
        reject(new AcmeTrouble('away', 'this process is ending'))
      }
      const timer = this.#parts.timers.after(ms, () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    })
  }

  /** Carries out one exchange; whatever goes wrong with it is an AcmeTrouble. */
  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof AcmeTrouble) throw error
      const text = messageOf(error)
      throw new AcmeTrouble('away', plain(`${this.#parts.directory}: ${text}`))
    }
  }

  /**
   * The library is large, and loaded when it is first needed: most processes never speak with an authority. It has one
   * HTTP client for all, so how that sends is set anew for each order.
   */
  async #load(): Promise<Library> {
    const library = await import('acme-client')
    library.axios.defaults.adapter = this.#transport
    return library
  }
}

/** A certificate that is not what was ordered must not take the place of one that is. */
function proven(pem: string, name: string): void {
  try {
    const { names } = readCertificate(pem)
    if (names.includes(name)) return
  } catch (error) {
    throw new AcmeTrouble('away', `the certificate for ${name}: ${(error as Error).message}`)
  }
  throw new AcmeTrouble('away', `the certificate for ${name} is for other names`)
}

/** Why an order or an authorization became invalid. */
function refusal(object: Order | Authorization): string {
  const error =
    'challenges' in object
      ? object.challenges.map((challenge) => (challenge as { error?: unknown }).error).find(Boolean)
      : (object as { error?: unknown }).error
  return problemText(error)
}
