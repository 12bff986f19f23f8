// Listens on one address with TLS: HTTP/1.1 and HTTP/2 over TCP, which our own codecs speak, and HTTP/3 over the UDP port of
// the same number.
import { isDeepStrictEqual } from 'node:util'
import { openSsl } from '../net/openssl.ts'
import { TlsContext, type SecuredProtocol } from '../net/tls-context.ts'
import type { Certificate } from './certificates.ts'
import type { EdgeListenerParts, ListenerConfig } from './edge-listener.ts'
import { Http3Listener } from './http3-listener.ts'
import { SecureListener } from './secure-listener.ts'
import type { ListenAddress } from './settings.ts'
import type { TlsSettings } from './tls-settings.ts'
import { toldFields, type ToldFields } from './told-fields.ts'

/** What a configuration says of it. */
export interface HttpsConfig extends ListenerConfig {
  /** Its certificates are used: there is at least one. */
  readonly tls: TlsSettings
}

/** What it is made of. */
export interface HttpsListenerParts extends EdgeListenerParts, HttpsConfig {
  /** Whoever has the same ones resumes sessions that were begun elsewhere (TlsContext). */
  readonly ticketKeys: Uint8Array
  /** Whether this process speaks HTTP/3, where that is offered: of several processes one does. */
  readonly hasHttp3: boolean
}

/** Listens on one address. */
export class HttpsListener {
  readonly scheme = 'https'
  #parts: HttpsListenerParts
  readonly #tcp: SecureListener
  #udp: Http3Listener | undefined

  /** Listens at once; throws the system's error when it cannot, or what the library says of a certificate. */
  constructor(address: ListenAddress, parts: HttpsListenerParts) {
    this.#parts = parts
    const context = this.#contextOf(parts.tls)
    try {
      this.#tcp = new SecureListener(address, parts, context)
    } catch (error) {
      context.free()
      throw error
    }
    try {
      this.#tcp.told = this.#toldOf(parts.tls)
      this.#listenUdp(parts.tls, this.#tcp.told)
    } catch (error) {
      void this.#tcp.drain()
      throw error
    }
  }

  get port(): number {
    return this.#tcp.port
  }

  get hostname(): string {
    return this.#tcp.hostname
  }

  /** Connections of clients; of those that speak HTTP/3, which are the runtime's, the requests that are being answered. */
  get connections(): number {
    return this.#tcp.connections + (this.#udp?.pending ?? 0)
  }

  /**
   * Another handler, other settings, limits and certificates, from each connection's next request or wait on. Throws, and
   * changes nothing, when something of it is not taken.
   */
  configure(config: HttpsConfig): void {
    const before = this.#parts
    const { tls } = config
    const isSame = isDeepStrictEqual(before.tls, tls)
    const context = isSame ? undefined : this.#contextOf(tls)
    const told = isSame ? this.#tcp.told : this.#toldOf(tls)
    this.#parts = { ...before, ...config }
    const isAnew = !isSame || before.settings.idleTime !== config.settings.idleTime
    try {
      if (this.#udp === undefined || !tls.http3) this.#listenUdp(tls, told)
      else this.#udp.configure({ ...config, told }, isAnew)
    } catch (error) {
      context?.free()
      this.#parts = before
      throw error
    }
    if (context !== undefined) this.#tcp.secure(context)
    this.#tcp.told = told
    this.#tcp.configure(config)
  }

  /** Shows other certificates from the next connection on. Throws, and changes nothing, when they are not taken. */
  replaceCertificates(certificates: readonly Certificate[]): void {
    this.configure({ ...this.#parts, tls: { ...this.#parts.tls, certificates } })
  }

  cutBanned(): void {
    this.#tcp.cutBanned()
    this.#udp?.cutBanned()
  }

  /** As EdgeListener's. */
  async drain(graceMs = 0): Promise<void> {
    await Promise.all([this.#tcp.drain(graceMs), this.#udp?.drain()])
  }

  /** Ends every connection that is left. */
  cut(): void {
    this.#tcp.cut()
    this.#udp?.cut()
  }

  /** Begins or ends HTTP/3. */
  #listenUdp(tls: TlsSettings, told: ToldFields): void {
    if (!this.#parts.hasHttp3) return
    if (!tls.http3) {
      void this.#udp?.drain()
      this.#udp = undefined
      return
    }
    const { hostname, port } = this.#tcp
    this.#udp = new Http3Listener({ hostname, port }, { ...this.#parts, told })
  }

  #toldOf(tls: TlsSettings): ToldFields {
    return toldFields(tls, tls.http3 ? this.#tcp.port : undefined)
  }

  #contextOf({ certificates, http2, minVersion, clientCa }: TlsSettings): TlsContext {
    const calls = openSsl()
    if (calls === undefined)
      throw new Error(
        'TLS needs OpenSSL 3 (libssl.so.3), which is not installed here: on Debian, apt install libssl3',
      )
    const protocols: readonly SecuredProtocol[] = http2 ? ['h2', 'http/1.1'] : ['http/1.1']
    return new TlsContext(calls, {
      identities: certificates,
      protocols,
      minVersion: minVersion === '1.3' ? '1.3' : '1.2',
      clientCa,
      ticketKeys: this.#parts.ticketKeys,
    })
  }
}
