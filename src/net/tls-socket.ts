// TLS over a socket, as a server: what comes is opened and handed on, what is written is sealed and goes out. The library
// reads from and writes to memory that all connections share, so that one costs no more than its keys while it is idle, and
// several records leave in one call to the kernel.
import type { Pointer } from 'bun:ffi'
import { assert } from '../base/assert.ts'
import { asError } from '../base/thrown.ts'
import { KernelWords, pointerTo } from './libc.ts'
import { sslError, type OpenSsl, type SslPointer } from './openssl.ts'
import { type Socket, type SocketUser } from './socket.ts'
import type { SecuredProtocol, TlsContext } from './tls-context.ts'

/** How whoever accepts is told of a handshake: one of the two is called, once. */
export interface Handshaking {
  /** Returns who uses it from now on. */
  secured(protocol: SecuredProtocol): SocketUser
  /** The connection is gone before it was secured. */
  failed(error: Error | undefined): void
  /** The user has thrown. */
  fault(error: Error): void
}

// Numbers from the library's headers, which version 3 keeps.
const BIO_SET_BUF_MEM = 114
const BIO_PENDING = 10
const ERROR_WANT_READ = 2
const ERROR_ZERO_RETURN = 6

/** The most that one record holds (RFC 8446 §5.1). */
const RECORD_BYTES = 16_384
/** Sealed at once, of what a client reads as fast as it is sent. */
const SEALED_BYTES_MAX = 8 * RECORD_BYTES
/** Room for the records' own octets, and for the messages of a handshake with long certificates. */
const SEALED_ROOM_BYTES = SEALED_BYTES_MAX + 65_536

/** Memory that the library takes for its own buffer (BUF_MEM): 64 bits each for length, place, room and flags. */
class Window {
  readonly #memory = new KernelWords(8)
  readonly #wide = new BigUint64Array(this.#memory.words.buffer as ArrayBuffer)

  /** Octets in it. */
  get bytes(): number {
    return this.#memory.words[0]!
  }

  /** Has `bio` read or write there, where `bytes` are at present. */
  aim(calls: OpenSsl, bio: SslPointer, at: Pointer, bytes: number, room: number): void {
    this.#wide[1] = BigInt(at)
    this.#memory.words[0] = bytes
    this.#memory.words[4] = room
    calls.BIO_ctrl(bio, BIO_SET_BUF_MEM, 0, this.#memory.at)
  }
}

/** What all connections share. */
interface Shared {
  readonly incoming: SslPointer
  readonly outgoing: SslPointer
}

const reading = new Window()
const writing = new Window()
const opened = Buffer.allocUnsafeSlow(RECORD_BYTES)
const openedAt = pointerTo(opened)
const sealed = Buffer.allocUnsafeSlow(SEALED_ROOM_BYTES)
const sealedAt = pointerTo(sealed)
/** Where a protocol's name begins, and how long it is. */
const chosen = new KernelWords(4)
const chosenLengthAt = ((chosen.at as number) + 8) as Pointer

let shared: Shared | undefined

function sharedOf(calls: OpenSsl): Shared {
  if (shared !== undefined) return shared
  const incoming = calls.BIO_new(calls.BIO_s_mem()!)
  const outgoing = calls.BIO_new(calls.BIO_s_mem()!)
  assert(incoming !== null && outgoing !== null, 'no memory for TLS')
  writing.aim(calls, outgoing, sealedAt, 0, SEALED_ROOM_BYTES)
  return (shared = { incoming, outgoing })
}

/** A TLS connection, from accepted to closed. It is the user of the socket below it. */
export class TlsSocket implements Socket, SocketUser {
  /** Undefined: it is over. */
  #ssl: SslPointer | undefined
  #user: SocketUser | undefined
  #isSecured = false
  #paused = false
  /** The client sends no more. */
  #ended = false
  /** No more is sent. */
  #shut = false
  /** What has come while nobody read, sealed. */
  #held: Buffer | undefined
  /** What is sealed and has not been taken. */
  #unsent: Buffer | undefined
  /** Of what has been sealed so many octets are still told to be untaken; they will be given again. */
  #untold = 0
  /** Sealed at once. */
  #portion = SEALED_BYTES_MAX
  #isDrainOwed = false
  readonly #calls: OpenSsl
  readonly #incoming: SslPointer
  readonly #outgoing: SslPointer

  constructor(
    private readonly socket: Socket,
    private readonly context: TlsContext,
    private readonly handshaking: Handshaking,
  ) {
    const { calls } = context
    const { incoming, outgoing } = sharedOf(calls)
    this.#calls = calls
    this.#incoming = incoming
    this.#outgoing = outgoing
    const ssl = (this.#ssl = context.accepting())
    calls.BIO_up_ref(incoming)
    calls.BIO_up_ref(outgoing)
    calls.SSL_set0_rbio(ssl, incoming)
    calls.SSL_set0_wbio(ssl, outgoing)
  }

  get remoteAddress(): string {
    return this.socket.remoteAddress
  }

  write(data: Uint8Array, byteOffset = 0, byteLength = data.byteLength - byteOffset): number {
    const ssl = this.#ssl
    if (ssl === undefined || this.#shut) return -1
    if (this.#unsent !== undefined) {
      this.#isDrainOwed = true
      return 0
    }
    let taken = Math.min(this.#untold, byteLength)
    this.#untold -= taken
    while (taken < byteLength) {
      const portion = Math.min(byteLength - taken, this.#portion)
      if (this.#calls.SSL_write(ssl, pointerTo(data, byteOffset + taken), portion) !== portion) {
        const error = sslError(this.#calls, 'sealing failed')
        // Not at once: whoever writes does not expect to be told meanwhile.
        queueMicrotask(() => this.#lose(error))
        return -1
      }
      if (!this.#send()) {
        // Told as taken only once it is: nothing of it is known to be on its way.
        this.#untold = portion
        this.#isDrainOwed = true
        this.#portion = RECORD_BYTES
        return taken
      }
      taken += portion
      if (this.#portion < SEALED_BYTES_MAX) this.#portion *= 2
    }
    return taken
  }

  askDrain(): void {
    this.#isDrainOwed = true
    this.socket.askDrain()
  }

  end(): void {
    if (this.#ssl === undefined) return
    this.#sayEnd()
    this.#over()
    this.socket.end()
  }

  terminate(): void {
    if (this.#ssl === undefined) return
    this.#over()
    this.socket.terminate()
  }

  shutdown(): void {
    if (this.#ssl === undefined) return
    this.#sayEnd()
    if (this.#unsent === undefined) this.socket.shutdown()
  }

  pause(): void {
    this.#paused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#held === undefined) this.socket.resume()
    // Not at once: whoever resumes is at something, and octets that are lent to another may still be looked at.
    else queueMicrotask(() => this.#readHeld())
  }

  onData(octets: Buffer, end: number): void {
    if (this.#held !== undefined) {
      this.#held = Buffer.concat([this.#held, octets.subarray(0, end)])
      return
    }
    this.#take(octets, end)
  }

  onDrain(): void {
    const unsent = this.#unsent
    if (unsent !== undefined) {
      const sent = Math.max(0, this.socket.write(unsent, 0, unsent.length))
      if (sent < unsent.length) {
        if (sent > 0) this.#unsent = unsent.subarray(sent)
        return
      }
      this.#unsent = undefined
      if (this.#shut) return this.socket.shutdown()
    }
    if (!this.#isDrainOwed) return
    this.#isDrainOwed = false
    this.#user?.onDrain()
  }

  onEnd(): void {
    // What is held comes first.
    if (this.#held !== undefined) this.#ended = true
    else this.#tellEnd()
  }

  onClose(error: Error | undefined): void {
    if (this.#ssl === undefined) return
    const user = this.#user
    this.#over()
    if (user === undefined) this.handshaking.failed(error)
    else user.onClose(error)
  }

  onFault(error: Error): void {
    if (this.#ssl === undefined) return
    const user = this.#user
    this.#over()
    if (user === undefined) this.handshaking.failed(error)
    else user.onFault(error)
  }

  /** Opens what has come, as far as somebody reads it. */
  #take(octets: Buffer, end: number): void {
    const calls = this.#calls
    reading.aim(calls, this.#incoming, pointerTo(octets), end, end)
    if (this.#user === undefined && !this.#handshake()) return
    for (;;) {
      const ssl = this.#ssl
      if (ssl === undefined) return
      const left = calls.BIO_ctrl(this.#incoming, BIO_PENDING, 0, null)
      if (left === 0) return
      if (this.#paused) {
        this.#held = Buffer.from(octets.subarray(end - left, end))
        return
      }
      const count = calls.SSL_read(ssl, openedAt, RECORD_BYTES)
      if (writing.bytes > 0) this.#sendBeside()
      if (count <= 0) return this.#notDone(ssl, count)
      this.#user!.onData(opened, count)
    }
  }

  /** Returns whether the connection is secured. */
  #handshake(): boolean {
    const ssl = this.#ssl!
    const done = this.context.handshake(ssl)
    this.#sendBeside()
    if (done !== 1) {
      this.#notDone(ssl, done)
      return false
    }
    this.#calls.SSL_get0_alpn_selected(ssl, chosen.at, chosenLengthAt)
    this.context.accepted()
    this.#isSecured = true
    this.#user = this.handshaking.secured(chosen.words[2] === 2 ? 'h2' : 'http/1.1')
    return true
  }

  /** The library has nothing to hand on: more has to come, or no more will. */
  #notDone(ssl: SslPointer, returned: number): void {
    const why = this.#calls.SSL_get_error(ssl, returned)
    if (why === ERROR_WANT_READ) return
    if (why === ERROR_ZERO_RETURN) this.#tellEnd()
    else this.#lose(sslError(this.#calls, 'TLS failed'))
  }

  #readHeld(): void {
    const held = this.#held
    if (held === undefined || this.#ssl === undefined || this.#paused) return
    this.#held = undefined
    try {
      this.#take(held, held.length)
      if (this.#held !== undefined || this.#ssl === undefined) return
      if (this.#ended) this.#tellEnd()
      else this.socket.resume()
    } catch (thrown) {
      // Outside of the loop's turn nobody else catches it.
      const error = asError(thrown)
      this.handshaking.fault(error)
      this.socket.terminate()
      this.onFault(error)
    }
  }

  #tellEnd(): void {
    this.#ended = true
    if (this.#user === undefined) {
      this.terminate()
      this.handshaking.failed(undefined)
    } else this.#user.onEnd()
  }

  /** What the library says by itself: messages of a handshake, alerts, new keys. */
  #sendBeside(): void {
    if (writing.bytes === 0) return
    if (this.#unsent === undefined) this.#send()
    else {
      this.#unsent = Buffer.concat([this.#unsent, sealed.subarray(0, writing.bytes)])
      this.#forgetSealed()
    }
  }

  /** Sends what is sealed; returns whether all of it has been taken. */
  #send(): boolean {
    const { bytes } = writing
    const sent = Math.max(0, this.socket.write(sealed, 0, bytes))
    if (sent < bytes) this.#unsent = Buffer.from(sealed.subarray(sent, bytes))
    this.#forgetSealed()
    return sent === bytes
  }

  #forgetSealed(): void {
    writing.aim(this.#calls, this.#outgoing, sealedAt, 0, SEALED_ROOM_BYTES)
  }

  /** close_notify (RFC 8446 §6.1): the client sees that this is the end. */
  #sayEnd(): void {
    if (this.#shut) return
    this.#shut = true
    if (this.#user === undefined) return
    this.#calls.SSL_shutdown(this.#ssl!)
    this.#calls.ERR_clear_error()
    this.#sendBeside()
  }

  /** An alert that says why is on its way; the connection is of no more use. */
  #lose(error: Error): void {
    if (this.#ssl === undefined) return
    const user = this.#user
    this.#over()
    this.socket.end()
    if (user === undefined) this.handshaking.failed(error)
    else user.onClose(error)
  }

  #over(): void {
    const ssl = this.#ssl
    if (ssl === undefined) return
    this.#ssl = undefined
    this.#user = undefined
    this.#held = undefined
    this.#unsent = undefined
    this.#calls.SSL_free(ssl)
    if (!this.#isSecured) this.context.accepted()
  }
}
