// What a TLS server is made of: certificates by the names that clients ask for (SNI, RFC 6066 §3), the protocols that are
// offered (ALPN, RFC 7301), and whose clients' certificates are believed.
import { CString, JSCallback, read, toArrayBuffer, type Pointer } from 'bun:ffi'
import { assert } from '../base/assert.ts'
import { pointerTo } from './libc.ts'
import { sslError, type OpenSsl, type SslPointer } from './openssl.ts'

/** A protocol that may be spoken over TLS, by its name in ALPN. */
export type SecuredProtocol = 'h2' | 'http/1.1'

/** A certificate with its key, both PEM. */
export interface ServerIdentity {
  /** In lower case; one may begin with '*.'. */
  readonly names: readonly string[]
  /** The own one first, then those that lead to the authority. */
  readonly cert: string
  readonly key: string
}

/** Told of the secret by which what one side sends is protected. */
export type LearnSecret = (side: 'client' | 'server', secret: Uint8Array) => void

/** What a context is made of. */
export interface TlsServerSettings {
  /** The first is shown where no name fits; of two for one name the earlier one. */
  readonly identities: readonly ServerIdentity[]
  /** The best one first. */
  readonly protocols: readonly SecuredProtocol[]
  readonly minVersion: '1.2' | '1.3'
  /** Authorities, PEM: only clients with a certificate of theirs are let in. Undefined: nobody is asked for one. */
  readonly clientCa: string | undefined
  /** TICKET_KEY_BYTES that nobody else knows: whoever has the same ones resumes sessions that were begun elsewhere. */
  readonly ticketKeys: Uint8Array
}

/** For the name of a key, its HMAC and its cipher. */
export const TICKET_KEY_BYTES = 80

// Numbers from the library's headers, which version 3 keeps.
const CTRL_MODE = 33
const CTRL_SESS_CACHE_MODE = 44
const CTRL_TICKET_KEYS = 59
const CTRL_CHAIN_CERT = 89
const CTRL_MIN_PROTO_VERSION = 123
const CTRL_SERVERNAME_CB = 53
/** Memory is given back while a connection is idle. */
const MODE_RELEASE_BUFFERS = 0x10
const OP_NO_RENEGOTIATION = 1n << 30n
const VERIFY_PEER_AND_FAIL = 3
const versions = { '1.2': 0x0303, '1.3': 0x0304 }

const TLSEXT_OK = 0
const TLSEXT_ALERT_FATAL = 2

/** A server's side of TLS, for many connections. */
export class TlsContext {
  readonly #pointers: SslPointer[] = []
  readonly #byName = new Map<string, SslPointer>()
  readonly #protocols: readonly SecuredProtocol[]
  /** Connections that may still ask for a name. */
  #asking = 0
  #isOver = false

  /** Throws when the library does not take a certificate; it says why. */
  constructor(
    readonly calls: OpenSsl,
    settings: TlsServerSettings,
  ) {
    assert(settings.identities.length > 0, 'a TLS server without a certificate')
    this.#protocols = settings.protocols
    try {
      for (const identity of settings.identities) {
        const pointer = this.#contextFor(identity, settings)
        for (const name of identity.names) if (!this.#byName.has(name)) this.#byName.set(name, pointer)
      }
    } catch (error) {
      this.free()
      throw error
    }
  }

  /** A connection that will be accepted; `accepted` is to be told when its handshake is over, however it ended. */
  accepting(): SslPointer {
    const { calls } = this
    const ssl = calls.SSL_new(this.#pointers[0]!)
    if (ssl === null) throw sslError(calls, 'a TLS connection cannot be made')
    calls.SSL_set_accept_state(ssl)
    this.#asking++
    return ssl
  }

  accepted(): void {
    this.#asking--
    if (this.#isOver && this.#asking === 0) this.#free()
  }

  /**
   * Goes on with a handshake; the result is that of SSL_do_handshake. `learn` is told of the secrets that it comes to for
   * what follows it (RFC 8446 §7.1).
   */
  handshake(ssl: SslPointer, learn: LearnSecret): number {
    // oxlint-disable-next-line no-this-alias -- the library's callbacks are functions of no object
    handshaking = this
    learning = learn
    return this.calls.SSL_do_handshake(ssl)
  }

  /** No further connection is made; those that there are go on, and keep what they need. */
  free(): void {
    this.#isOver = true
    if (this.#asking === 0) this.#free()
  }

  #free(): void {
    for (const pointer of this.#pointers) this.calls.SSL_CTX_free(pointer)
    this.#pointers.length = 0
  }

  /** The very name is taken before a wildcard, which stands for the whole of the first label (RFC 9525 §6.3). */
  choose(ssl: SslPointer): void {
    const asked = this.calls.SSL_get_servername(ssl, 0)
    if (asked === null) return
    const name = asked.toString().toLowerCase()
    const dot = name.indexOf('.')
    const pointer = this.#byName.get(name) ?? this.#byName.get(`*${dot < 0 ? '' : name.slice(dot)}`)
    if (pointer !== undefined) this.calls.SSL_set_SSL_CTX(ssl, pointer)
  }

  /** Where in a client's list, of octets each preceded by its length, the best protocol begins; -1: none is spoken here. */
  bestOf(list: string): number {
    for (const protocol of this.#protocols) {
      for (let at = 0; at < list.length; at += 1 + list.charCodeAt(at))
        if (list.slice(at + 1, at + 1 + list.charCodeAt(at)) === protocol) return at + 1
    }
    return -1
  }

  #contextFor({ cert, key }: ServerIdentity, settings: TlsServerSettings): SslPointer {
    const { calls } = this
    const pointer = calls.SSL_CTX_new(calls.TLS_server_method()!)
    if (pointer === null) throw sslError(calls, 'TLS cannot be set up')
    this.#pointers.push(pointer)
    const control = (command: number, value: number, at: Pointer | null = null): void => {
      if (calls.SSL_CTX_ctrl(pointer, command, value, at) <= 0)
        throw sslError(calls, `TLS cannot be set up (${command})`)
    }
    control(CTRL_MODE, MODE_RELEASE_BUFFERS)
    // Sessions are in the tickets that clients keep.
    calls.SSL_CTX_ctrl(pointer, CTRL_SESS_CACHE_MODE, 0, null)
    control(CTRL_MIN_PROTO_VERSION, versions[settings.minVersion])
    control(CTRL_TICKET_KEYS, TICKET_KEY_BYTES, pointerTo(settings.ticketKeys))
    calls.SSL_CTX_set_options(pointer, OP_NO_RENEGOTIATION)
    calls.SSL_CTX_set_session_id_context(pointer, pointerTo(sessionContext), sessionContext.length)
    const { alpn, serverName, secret } = callbacks()
    calls.SSL_CTX_set_keylog_callback(pointer, secret)
    calls.SSL_CTX_set_alpn_select_cb(pointer, alpn, null)
    calls.SSL_CTX_callback_ctrl(pointer, CTRL_SERVERNAME_CB, serverName)
    const [own, ...chain] = this.#certificates(cert)
    try {
      assert(own !== undefined, 'a file without a certificate')
      if (calls.SSL_CTX_use_certificate(pointer, own) !== 1)
        throw sslError(calls, 'the certificate is not taken')
      for (const each of chain) control(CTRL_CHAIN_CERT, 1, each)
    } finally {
      for (const each of [own, ...chain]) if (each !== undefined) calls.X509_free(each)
    }
    this.#useKey(pointer, key)
    if (settings.clientCa !== undefined) this.#demand(pointer, settings.clientCa)
    return pointer
  }

  #useKey(pointer: SslPointer, pem: string): void {
    const { calls } = this
    const key = this.#reading(pem, (bio) => calls.PEM_read_bio_PrivateKey(bio, null, null, null))
    if (key === null) throw sslError(calls, 'the private key cannot be read')
    const isTaken = calls.SSL_CTX_use_PrivateKey(pointer, key) === 1
    calls.EVP_PKEY_free(key)
    if (!isTaken) throw sslError(calls, 'the private key is not taken')
  }

  /** Clients have to show a certificate of these authorities. */
  #demand(pointer: SslPointer, pem: string): void {
    const { calls } = this
    calls.SSL_CTX_set_verify(pointer, VERIFY_PEER_AND_FAIL, null)
    const store = calls.SSL_CTX_get_cert_store(pointer)!
    for (const authority of this.#certificates(pem)) {
      const isTaken = calls.X509_STORE_add_cert(store, authority) === 1
      calls.SSL_CTX_add_client_CA(pointer, authority)
      calls.X509_free(authority)
      if (!isTaken) throw sslError(calls, 'the certificate of an authority is not taken')
    }
  }

  /** To be freed by the caller. */
  #certificates(pem: string): SslPointer[] {
    const { calls } = this
    const found: SslPointer[] = []
    this.#reading(pem, (bio) => {
      for (;;) {
        const each = calls.PEM_read_bio_X509(bio, null, null, null)
        if (each === null) return
        found.push(each)
      }
    })
    // The end of the text is an error to the library.
    calls.ERR_clear_error()
    return found
  }

  #reading<T>(pem: string, readFrom: (bio: SslPointer) => T): T {
    const octets = Buffer.from(pem, 'latin1')
    const bio = this.calls.BIO_new_mem_buf(pointerTo(octets), octets.length)
    assert(bio !== null, 'no memory for reading a certificate')
    try {
      return readFrom(bio)
    } finally {
      this.calls.BIO_free(bio)
      octets.fill(0)
    }
  }
}

/** Sessions of other programs' servers with the same keys are not ours. */
const sessionContext = Buffer.from('myriad')

/** Whose handshake is under way: the library asks what is shown while it is being called. */
let handshaking: TlsContext | undefined
let learning: LearnSecret | undefined

interface Callbacks {
  readonly alpn: Pointer
  readonly serverName: Pointer
  readonly secret: Pointer
}

let made: Callbacks | undefined

/** Made once and never given back: connections may ask for as long as the process lives. */
function callbacks(): Callbacks {
  if (made !== undefined) return made
  const alpn = new JSCallback(selectProtocol, {
    args: ['ptr', 'ptr', 'ptr', 'ptr', 'u32', 'ptr'],
    returns: 'int',
  })
  const serverName = new JSCallback(selectName, { args: ['ptr', 'ptr', 'ptr'], returns: 'int' })
  const secret = new JSCallback(learnSecret, { args: ['ptr', 'ptr'], returns: 'void' })
  return (made = { alpn: alpn.ptr!, serverName: serverName.ptr!, secret: secret.ptr! })
}

/** SSL_CTX_set_alpn_select_cb(3). What is chosen lies within what the client has sent. */
function selectProtocol(
  _ssl: Pointer,
  out: Pointer,
  outLength: Pointer,
  list: Pointer,
  length: number,
): number {
  let text = ''
  for (let i = 0; i < length; i++) text += String.fromCharCode(read.u8(list, i))
  const at = handshaking!.bestOf(text)
  // RFC 7301 §3.2: no_application_protocol.
  if (at < 0) return TLSEXT_ALERT_FATAL
  new BigUint64Array(toArrayBuffer(out, 0, 8))[0] = BigInt(list + at)
  new Uint8Array(toArrayBuffer(outLength, 0, 1))[0] = text.charCodeAt(at - 1)
  return TLSEXT_OK
}

/** SSL_CTX_set_tlsext_servername_callback(3). */
function selectName(ssl: Pointer): number {
  handshaking!.choose(ssl)
  return TLSEXT_OK
}

/** Of 'CLIENT_TRAFFIC_SECRET_0' and 'SERVER_TRAFFIC_SECRET_0', which no other secret's name has there. */
const TRAFFIC_AT = 7
const T = 84
/** Behind the name and the client's random octets. */
const SECRET_AT = 23 + 1 + 64 + 1
const C = 67

/** SSL_CTX_set_keylog_callback(3): a line for each secret, its name first. */
function learnSecret(_ssl: Pointer, line: Pointer): void {
  if (read.u8(line, TRAFFIC_AT) !== T) return
  const side = read.u8(line, 0) === C ? 'client' : 'server'
  // A copy of its own: it is kept for as long as the connection, and must not keep other memory with it.
  learning!(side, Uint8Array.from(Buffer.from(new CString(line, SECRET_AT).toString(), 'hex')))
}
