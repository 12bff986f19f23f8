// The records of a TLS 1.3 connection whose handshake is over (RFC 8446 §5): data is sealed into them and opened out of
// them with the keys of that handshake. The library that led the handshake keeps 15 KB for each connection; of what follows
// nothing needs more than two secrets, two keys and two counters. Its ciphers do the work.
//
// A cipher that has been given a key costs a kilobyte as well, so connections take turns at a few of them: one that was
// idle gives its cipher up to another, and has it set up again with its own key when it goes on.
import type { Pointer } from 'bun:ffi'
import { assert } from '../base/assert.ts'
import { KernelWords, pointerTo } from './libc.ts'
import type { OpenSsl, SslPointer } from './openssl.ts'
import { IV_BYTES, nextSecret, writeTrafficKey, type CipherSuite } from './tls-secrets.ts'

/** What a record carries (RFC 8446 §5.1). */
export const ContentType = { alert: 21, handshake: 22, data: 23 } as const

/** The most that one record carries (§5.1), and by how much it may be longer when it is sealed (§5.2). */
export const CONTENT_BYTES_MAX = 16_384
export const SEALED_BYTES_MAX = CONTENT_BYTES_MAX + 256
export const RECORD_HEADER_BYTES = 5
const TAG_BYTES = 16

/** §5.5: AES-GCM is safe for some 24 million records with one key. */
const RECORDS_PER_KEY_MAX = 2 ** 24

const GET_TAG = 0x10
const SET_TAG = 0x11

/** How many ciphers there are of a suite, each way. */
const CIPHERS_MAX = 256

/** A cipher that has been given a key. */
interface KeyedCipher {
  readonly context: SslPointer
  /** Whose key it has. */
  owner: Direction | undefined
}

/** The ciphers of one suite, one way. */
class Ciphers {
  readonly #all: KeyedCipher[] = []
  #next = 0
  readonly #cipher: SslPointer

  constructor(
    private readonly calls: OpenSsl,
    suite: CipherSuite,
    private readonly isSealing: boolean,
  ) {
    const name = Buffer.from(`${suite.cipher}\0`, 'latin1')
    const cipher = calls.EVP_CIPHER_fetch(null, pointerTo(name), null)
    assert(cipher !== null, `no cipher ${suite.cipher}`)
    this.#cipher = cipher
  }

  /** One that has `key` from now on: a new one, or that of somebody else. */
  take(owner: Direction, key: Uint8Array): KeyedCipher {
    givenKey.set(key)
    const keyed = this.#all.length < CIPHERS_MAX ? this.#made() : this.#all[this.#next++ % CIPHERS_MAX]!
    keyed.owner = owner
    const isKeyed = this.calls.EVP_CipherInit_ex(
      keyed.context,
      this.#cipher,
      null,
      keyWords.at,
      null,
      this.isSealing ? 1 : 0,
    )
    assert(isKeyed === 1, 'a cipher that does not take its key')
    return keyed
  }

  #made(): KeyedCipher {
    const context = this.calls.EVP_CIPHER_CTX_new()
    assert(context !== null, 'no memory for a cipher')
    const keyed = { context, owner: undefined }
    this.#all.push(keyed)
    return keyed
  }
}

const sealing = new Map<CipherSuite, Ciphers>()
const opening = new Map<CipherSuite, Ciphers>()

function ciphersOf(calls: OpenSsl, suite: CipherSuite, isSealing: boolean): Ciphers {
  const known = isSealing ? sealing : opening
  let ciphers = known.get(suite)
  if (ciphers === undefined) known.set(suite, (ciphers = new Ciphers(calls, suite, isSealing)))
  return ciphers
}

// Where the library reads and writes: places that stay.
const keyWords = new KernelWords(8)
const givenKey = new Uint8Array(keyWords.words.buffer as ArrayBuffer)
const nonceWords = new KernelWords(IV_BYTES / 4)
const nonce = new Uint8Array(nonceWords.words.buffer as ArrayBuffer)
const asideWords = new KernelWords(4)
const aside = new Uint8Array(asideWords.words.buffer as ArrayBuffer)
const written = new KernelWords(1)

/** One way of a connection. */
class Direction {
  /** The number of the next record. */
  records: number
  #secret: Uint8Array
  /** The key, and the initialization vector behind it; made when it is needed first. */
  #key: Uint8Array | undefined
  #keyed: KeyedCipher | undefined

  constructor(
    private readonly calls: OpenSsl,
    private readonly suite: CipherSuite,
    secret: Uint8Array,
    private readonly isSealing: boolean,
    records: number,
  ) {
    this.#secret = secret
    this.records = records
  }

  /** From now on the key that follows (§7.2). */
  renew(): void {
    this.#secret = nextSecret(this.suite, this.#secret)
    this.#key = this.#keyed = undefined
    this.records = 0
  }

  /** A cipher for the next record, whose first octets are `header`. */
  next(header: Pointer): SslPointer {
    const { calls, suite } = this
    if (this.#key === undefined) {
      this.#key = new Uint8Array(suite.keyBytes + IV_BYTES)
      writeTrafficKey(suite, this.#secret, this.#key)
    }
    const key = this.#key
    if (this.#keyed?.owner !== this)
      this.#keyed = ciphersOf(calls, suite, this.isSealing).take(this, key.subarray(0, suite.keyBytes))
    // §5.3: the number of the record, within the vector.
    let rest = this.records++
    for (let i = IV_BYTES - 1; i >= 0; i--) {
      nonce[i] = key[suite.keyBytes + i]! ^ (rest & 0xff)
      rest = Math.floor(rest / 256)
    }
    const { context } = this.#keyed
    calls.EVP_CipherInit_ex(context, null, null, null, nonceWords.at, this.isSealing ? 1 : 0)
    calls.EVP_CipherUpdate(context, null, written.at, header, RECORD_HEADER_BYTES)
    return context
  }

  /** Gives its cipher to whoever needs it next. */
  leave(): void {
    if (this.#keyed?.owner === this) this.#keyed.owner = undefined
    this.#keyed = undefined
  }
}

/** The secrets of a handshake that is over (RFC 8446 §7.1), as its server sees them. */
export interface TrafficSecrets {
  readonly client: Uint8Array
  readonly server: Uint8Array
}

/** Both ways of a connection, for its server. */
export class TlsRecords {
  /** What the record carried that was opened last. */
  type = 0
  #isRenewalOwed = false
  readonly #reading: Direction
  readonly #writing: Direction

  /** `sent`: how many records have been sent with the server's first secret. */
  constructor(
    private readonly calls: OpenSsl,
    suite: CipherSuite,
    secrets: TrafficSecrets,
    sent: number,
    private readonly recordsPerKeyMax = RECORDS_PER_KEY_MAX,
  ) {
    this.#reading = new Direction(calls, suite, secrets.client, false, 0)
    this.#writing = new Direction(calls, suite, secrets.server, true, sent)
  }

  /** Whether the client is to be told of another key before more data is sent (`renewWriting`): it asks for that, or so many
   * records have been sent. */
  get isKeyWorn(): boolean {
    return this.#isRenewalOwed || this.#writing.records >= this.recordsPerKeyMax
  }

  /** The client asks for it. However often it does, one will do (RFC 8446 §4.6.3), and none while nothing is sent. */
  oweRenewal(): void {
    this.#isRenewalOwed = true
  }

  /**
   * Seals up to CONTENT_BYTES_MAX octets into one record, written at `to`; `intoAt` is where `into` lies. Returns the
   * position after it.
   */
  seal(type: number, content: Pointer, bytes: number, into: Uint8Array, intoAt: Pointer, to: number): number {
    const { calls } = this
    const sealedBytes = bytes + 1 + TAG_BYTES
    into[to] = ContentType.data
    into[to + 1] = into[to + 2] = 3
    into[to + 3] = sealedBytes >> 8
    into[to + 4] = sealedBytes & 0xff
    const at = ((intoAt as number) + to) as Pointer
    const context = this.#writing.next(at)
    const contentAt = (at as number) + RECORD_HEADER_BYTES
    if (bytes > 0) calls.EVP_CipherUpdate(context, contentAt as Pointer, written.at, content, bytes)
    aside[0] = type
    calls.EVP_CipherUpdate(context, (contentAt + bytes) as Pointer, written.at, asideWords.at, 1)
    const tagAt = (contentAt + bytes + 1) as Pointer
    calls.EVP_CipherFinal_ex(context, tagAt, written.at)
    const isDone = calls.EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG_BYTES, tagAt) === 1
    assert(isDone, 'a record that could not be sealed')
    return to + RECORD_HEADER_BYTES + sealedBytes
  }

  /**
   * Opens the record that lies at `from`, whose length is `bytes` without its header, into `into`, which lies at `intoAt`.
   * Returns how much it carries, of the kind `type`; -1: it has been tampered with, -2: it carries nothing, not even a type.
   */
  open(octets: Uint8Array, from: number, bytes: number, into: Uint8Array, intoAt: Pointer): number {
    const { calls } = this
    const contentBytes = bytes - TAG_BYTES
    if (contentBytes < 1) return -1
    const context = this.#reading.next(pointerTo(octets, from))
    const at = from + RECORD_HEADER_BYTES
    calls.EVP_CipherUpdate(context, intoAt, written.at, pointerTo(octets, at), contentBytes)
    for (let i = 0; i < TAG_BYTES; i++) aside[i] = octets[at + contentBytes + i]!
    calls.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG_BYTES, asideWords.at)
    if (calls.EVP_CipherFinal_ex(context, ((intoAt as number) + contentBytes) as Pointer, written.at) !== 1)
      return -1
    // §5.4: behind the content stands its type, and zeros behind that.
    let end = contentBytes - 1
    while (end >= 0 && into[end] === 0) end--
    if (end < 0) return -2
    this.type = into[end]!
    return end
  }

  /** The next record that is sent has another key. */
  renewWriting(): void {
    this.#isRenewalOwed = false
    this.#writing.renew()
  }

  /** The next record that is opened has another key. */
  renewReading(): void {
    this.#reading.renew()
  }

  /** Nothing more is sealed or opened. */
  free(): void {
    this.#reading.leave()
    this.#writing.leave()
  }
}
