// TLS over a socket, as a server: what comes is opened and handed on, what is written is sealed and goes out. The library
// leads the handshake. With TLS 1.3 it has done its part then: the records that follow are ours (tls-records.ts), so that a
// connection costs no more than its keys while it is idle. With TLS 1.2 it stays. Both read from and write to memory that all
// connections share, and several records leave in one call to the kernel.
//
// Long because a connection has one state, whoever makes its records.
import type { Pointer } from 'bun:ffi'
import { assert } from '../base/assert.ts'
import { asError } from '../base/thrown.ts'
import { KernelWords, pointerTo } from './libc.ts'
import { sslError, type OpenSsl, type SslPointer } from './openssl.ts'
import { type Socket, type SocketUser } from './socket.ts'
import type { SecuredProtocol, TlsContext } from './tls-context.ts'
import {
  CONTENT_BYTES_MAX,
  ContentType,
  RECORD_HEADER_BYTES,
  SEALED_BYTES_MAX,
  TlsRecords,
} from './tls-records.ts'
import { cipherSuite } from './tls-secrets.ts'

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

const TLS_1_3 = 0x0304

/** Sealed at once, of what a client reads as fast as it is sent. */
const PORTION_BYTES_MAX = 8 * CONTENT_BYTES_MAX
/** Room for the records' own octets, and for the messages of a handshake with long certificates. */
const SEALED_ROOM_BYTES = PORTION_BYTES_MAX + 65_536

/** Alerts (RFC 8446 §6). */
const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  decodeError: 50,
  userCanceled: 90,
} as const
const WARNING = 1
const FATAL = 2
const KEY_UPDATE = 24
const UPDATE_REQUESTED = 1
/** Records in a row that bring no data: nobody needs more, and each costs as much as one that does. */
const EMPTY_RECORDS_MAX = 32

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
const opened = Buffer.allocUnsafeSlow(SEALED_BYTES_MAX)
const openedAt = pointerTo(opened)
const sealed = Buffer.allocUnsafeSlow(SEALED_ROOM_BYTES)
const sealedAt = pointerTo(sealed)
/** What an alert or a message of ours says. */
const said = new KernelWords(2)
const saidOctets = new Uint8Array(said.words.buffer as ArrayBuffer)
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
  #isOver = false
  /** Undefined once the records are ours. */
  #ssl: SslPointer | undefined
  #records: TlsRecords | undefined
  #secrets: { client?: Uint8Array; server?: Uint8Array } | undefined = {}
  #user: SocketUser | undefined
  #isSecured = false
  #paused = false
  /** The client sends no more; whether that has been told, too. */
  #ended = false
  #isEndTold = false
  /** No more is sent. */
  #shut = false
  /** What has come while nobody read, sealed. */
  #held: Buffer | undefined
  /** The beginning of a record whose rest has not come. */
  #begun: Buffer | undefined
  #emptyRecords = 0
  /** What is sealed and has not been taken. */
  #unsent: Buffer | undefined
  /** Of what has been sealed so many octets are still told to be untaken; they will be given again. */
  #untold = 0
  /** Sealed at once. */
  #portion = PORTION_BYTES_MAX
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
    if (this.#isOver || this.#shut) return -1
    if (this.#unsent !== undefined) {
      this.#isDrainOwed = true
      return 0
    }
    let taken = Math.min(this.#untold, byteLength)
    this.#untold -= taken
    while (taken < byteLength) {
      const portion = Math.min(byteLength - taken, this.#portion)
      const sealedBytes = this.#seal(pointerTo(data, byteOffset + taken), portion)
      if (sealedBytes < 0) {
        const error = sslError(this.#calls, 'sealing failed')
        // Not at once: whoever writes does not expect to be told meanwhile.
        queueMicrotask(() => this.#lose(error))
        return -1
      }
      if (!this.#send(sealedBytes)) {
        // Told as taken only once it is: nothing of it is known to be on its way.
        this.#untold = portion
        this.#isDrainOwed = true
        this.#portion = CONTENT_BYTES_MAX
        return taken
      }
      taken += portion
      if (this.#portion < PORTION_BYTES_MAX) this.#portion *= 2
    }
    return taken
  }

  askDrain(): void {
    this.#isDrainOwed = true
    this.socket.askDrain()
  }

  end(): void {
    if (this.#isOver) return
    this.#sayEnd()
    this.#over()
    this.socket.end()
  }

  terminate(): void {
    if (this.#isOver) return
    this.#over()
    this.socket.terminate()
  }

  shutdown(): void {
    if (this.#isOver) return
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
    const begun = this.#begun
    if (begun === undefined) return this.#take(octets, end)
    this.#begun = undefined
    const joined = Buffer.concat([begun, octets.subarray(0, end)])
    this.#take(joined, joined.length)
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
    if (this.#isOver) return
    const user = this.#user
    this.#over()
    if (user === undefined) this.handshaking.failed(error)
    else user.onClose(error)
  }

  onFault(error: Error): void {
    if (this.#isOver) return
    const user = this.#user
    this.#over()
    if (user === undefined) this.handshaking.failed(error)
    else user.onFault(error)
  }

  /** Opens what has come, as far as somebody reads it. */
  #take(octets: Buffer, end: number): void {
    if (this.#records !== undefined) return this.#openRecords(this.#records, octets, 0, end)
    const calls = this.#calls
    reading.aim(calls, this.#incoming, pointerTo(octets), end, end)
    if (this.#user === undefined && !this.#handshake()) return
    for (;;) {
      const left = calls.BIO_ctrl(this.#incoming, BIO_PENDING, 0, null)
      if (this.#records !== undefined) return this.#openRecords(this.#records, octets, end - left, end)
      const ssl = this.#ssl
      if (ssl === undefined || left === 0) return
      if (this.#paused) {
        this.#held = Buffer.from(octets.subarray(end - left, end))
        return
      }
      const count = calls.SSL_read(ssl, openedAt, CONTENT_BYTES_MAX)
      if (writing.bytes > 0) this.#sendBeside(writing.bytes)
      if (count <= 0) return this.#notDone(ssl, count)
      this.#user!.onData(opened, count)
    }
  }

  /** The same with records of ours. */
  #openRecords(records: TlsRecords, octets: Buffer, from: number, end: number): void {
    for (let at = from; at < end;) {
      if (this.#isOver || this.#isEndTold) return
      if (this.#paused) {
        this.#held = Buffer.from(octets.subarray(at, end))
        return
      }
      const contentAt = at + RECORD_HEADER_BYTES
      // RFC 8446 §5.2: all records say that they carry data.
      if (octets[at] !== ContentType.data)
        return this.#refuse(Alert.unexpectedMessage, 'a record that is not sealed')
      const bytes = contentAt <= end ? (octets[at + 3]! << 8) | octets[at + 4]! : 0
      if (bytes > SEALED_BYTES_MAX) return this.#refuse(Alert.recordOverflow, 'a record that is too long')
      if (contentAt + bytes > end || contentAt > end) {
        this.#begun = Buffer.from(octets.subarray(at, end))
        return
      }
      const count = records.open(octets, at, bytes, opened, openedAt)
      at = contentAt + bytes
      if (count === -1) return this.#refuse(Alert.badRecordMac, 'a record that was tampered with')
      if (count === -2) return this.#refuse(Alert.unexpectedMessage, 'a record without content')
      if (count > CONTENT_BYTES_MAX) return this.#refuse(Alert.recordOverflow, 'a record that is too long')
      if (records.type === ContentType.data && count > 0) {
        this.#emptyRecords = 0
        this.#user!.onData(opened, count)
      } else if (++this.#emptyRecords > EMPTY_RECORDS_MAX)
        return this.#refuse(Alert.unexpectedMessage, 'too many records without data')
      else if (records.type === ContentType.alert) this.#onAlert(count)
      else if (records.type === ContentType.handshake) this.#onMessage(records, count)
      else if (records.type !== ContentType.data)
        return this.#refuse(Alert.unexpectedMessage, 'a record of an unknown kind')
    }
  }

  /** RFC 8446 §6. */
  #onAlert(count: number): void {
    if (count !== 2) return this.#refuse(Alert.decodeError, 'an alert that is none')
    if (opened[1] === Alert.closeNotify) this.#tellEnd()
    else if (opened[1] !== Alert.userCanceled)
      this.#lose(new Error(`TLS failed: the client's alert ${opened[1]}`))
  }

  /** All that a client says of itself after its handshake is that its key changes (RFC 8446 §4.6.3), in a record of its own. */
  #onMessage(records: TlsRecords, count: number): void {
    const isKeyUpdate =
      count === 5 &&
      opened[0] === KEY_UPDATE &&
      opened.readUIntBE(1, 3) === 1 &&
      opened[4]! <= UPDATE_REQUESTED
    if (!isKeyUpdate) return this.#refuse(Alert.unexpectedMessage, 'a message that was not expected')
    records.renewReading()
    if (opened[4] === UPDATE_REQUESTED) records.oweRenewal()
  }

  /** Returns the position after it. */
  #sealKeyUpdate(records: TlsRecords): number {
    saidOctets.set([KEY_UPDATE, 0, 0, 1, 0])
    const end = records.seal(ContentType.handshake, said.at, 5, sealed, sealedAt, 0)
    records.renewWriting()
    return end
  }

  #sealAlert(records: TlsRecords, level: number, alert: number): number {
    saidOctets.set([level, alert])
    return records.seal(ContentType.alert, said.at, 2, sealed, sealedAt, 0)
  }

  /** What was sent is against the rules: the client is told so, and the connection is over. */
  #refuse(alert: number, problem: string): void {
    if (this.#records !== undefined && !this.#shut)
      this.#sendBeside(this.#sealAlert(this.#records, FATAL, alert))
    this.#lose(new Error(`TLS failed: ${problem}`))
  }

  /** Returns whether the connection is secured. */
  #handshake(): boolean {
    const ssl = this.#ssl!
    const done = this.context.handshake(ssl, (side, secret) => {
      if (this.#secrets !== undefined) this.#secrets[side] = secret
    })
    const { bytes } = writing
    const records = done === 1 ? this.#recordsAfter(ssl, bytes) : undefined
    this.#sendBeside(bytes)
    if (done !== 1) {
      this.#notDone(ssl, done)
      return false
    }
    this.#calls.SSL_get0_alpn_selected(ssl, chosen.at, chosenLengthAt)
    this.context.accepted()
    this.#isSecured = true
    this.#secrets = undefined
    if (records !== undefined && !this.#isOver) {
      this.#records = records
      this.#ssl = undefined
      this.#calls.SSL_free(ssl)
    }
    this.#user = this.handshaking.secured(chosen.words[2] === 2 ? 'h2' : 'http/1.1')
    return true
  }

  /**
   * What the library does after a handshake of TLS 1.3 is ours from now on. Of the `bytes` that it has sealed last, its
   * session tickets, each record counts for the key that follows.
   */
  #recordsAfter(ssl: SslPointer, bytes: number): TlsRecords | undefined {
    const calls = this.#calls
    const { client, server } = this.#secrets ?? {}
    if (calls.SSL_version(ssl) !== TLS_1_3 || client === undefined || server === undefined) return undefined
    const suite = cipherSuite(calls.SSL_CIPHER_get_protocol_id(calls.SSL_get_current_cipher(ssl)!))
    if (suite?.secretBytes !== client.length) return undefined
    let sent = 0
    for (let at = 0; at < bytes; sent++)
      at += RECORD_HEADER_BYTES + ((sealed[at + 3]! << 8) | sealed[at + 4]!)
    return new TlsRecords(calls, suite, { client, server }, sent)
  }

  /** Seals a portion; returns how much it is then, -1: the library does not. */
  #seal(content: Pointer, bytes: number): number {
    const records = this.#records
    if (records === undefined)
      return this.#calls.SSL_write(this.#ssl!, content, bytes) === bytes ? writing.bytes : -1
    let to = records.isKeyWorn ? this.#sealKeyUpdate(records) : 0
    for (let at = 0; at < bytes; at += CONTENT_BYTES_MAX) {
      const part = ((content as number) + at) as Pointer
      const partBytes = Math.min(bytes - at, CONTENT_BYTES_MAX)
      to = records.seal(ContentType.data, part, partBytes, sealed, sealedAt, to)
    }
    return to
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
    if (held === undefined || this.#isOver || this.#paused) return
    this.#held = undefined
    try {
      this.#take(held, held.length)
      if (this.#held !== undefined || this.#isOver) return
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
    if (this.#isEndTold) return
    this.#ended = this.#isEndTold = true
    if (this.#user === undefined) {
      this.terminate()
      this.handshaking.failed(undefined)
    } else this.#user.onEnd()
  }

  /** What nobody has written: messages of a handshake, alerts, new keys. */
  #sendBeside(bytes: number): void {
    if (bytes === 0) return
    if (this.#unsent === undefined) this.#send(bytes)
    else {
      this.#unsent = Buffer.concat([this.#unsent, sealed.subarray(0, bytes)])
      this.#forgetSealed()
    }
  }

  /** Sends what is sealed; returns whether all of it has been taken. */
  #send(bytes: number): boolean {
    const sent = Math.max(0, this.socket.write(sealed, 0, bytes))
    if (sent < bytes) this.#unsent = Buffer.from(sealed.subarray(sent, bytes))
    this.#forgetSealed()
    return sent === bytes
  }

  #forgetSealed(): void {
    if (this.#records === undefined) writing.aim(this.#calls, this.#outgoing, sealedAt, 0, SEALED_ROOM_BYTES)
  }

  /** close_notify (RFC 8446 §6.1): the client sees that this is the end. */
  #sayEnd(): void {
    if (this.#shut) return
    this.#shut = true
    if (this.#user === undefined) return
    const records = this.#records
    if (records !== undefined) return this.#sendBeside(this.#sealAlert(records, WARNING, Alert.closeNotify))
    this.#calls.SSL_shutdown(this.#ssl!)
    this.#calls.ERR_clear_error()
    this.#sendBeside(writing.bytes)
  }

  /** An alert that says why is on its way; the connection is of no more use. */
  #lose(error: Error): void {
    if (this.#isOver) return
    const user = this.#user
    this.#over()
    this.socket.end()
    if (user === undefined) this.handshaking.failed(error)
    else user.onClose(error)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#user = undefined
    this.#held = this.#begun = undefined
    this.#unsent = undefined
    this.#records?.free()
    const ssl = this.#ssl
    this.#ssl = undefined
    if (ssl !== undefined) this.#calls.SSL_free(ssl)
    if (!this.#isSecured) this.context.accepted()
  }
}
