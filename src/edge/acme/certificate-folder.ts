// Where one authority's account, certificates and pending proofs lie. Everything is private to this user, and every file
// appears whole or not at all: written beside its place, synced, and renamed. A certificate and its key are one file, so
// that no reader ever sees one without the other. Machines may share the folder.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { makePrivate } from '../../base/private-folder.ts'
import { PEM_BYTES_MAX, readCertificate, type Certificate } from './certificate.ts'
import { isCertifiable } from './names.ts'
import type { Standing } from './schedule.ts'

const STANDING_BYTES_MAX = 16_384
const PROOF_BYTES_MAX = 1_024
/** Tokens are base64url (RFC 8555 §8.3): nothing in them leads anywhere else. */
const token = /^[A-Za-z0-9_-]{1,256}$/

/** A certificate's file as it was found; another file has another mark. */
export interface FoundCertificate {
  readonly mark: string
  readonly certificate: Certificate
}

/** One authority's folder. */
export class CertificateFolder {
  readonly path: string
  readonly #certificates: string
  readonly #standings: string
  readonly #proofs: string
  readonly #random: () => string

  /** `random` names files that are being written. */
  constructor(path: string, random: () => string) {
    this.path = path
    this.#certificates = join(path, 'certificates')
    this.#standings = join(path, 'standings')
    this.#proofs = join(path, 'proofs')
    this.#random = random
  }

  /** Makes it; throws when what is there is not private. Without it, everything reads as empty. */
  make(): void {
    for (const each of [this.path, this.#certificates, this.#standings, this.#proofs]) makePrivate(each)
  }

  /** What changes when a certificate does, to be watched. */
  get certificatesPath(): string {
    return this.#certificates
  }

  /** What changes when a name is wanted, or has failed, to be watched. */
  get standingsPath(): string {
    return this.#standings
  }

  /** The key of the account, in PEM; made when there is none. To be called by the one who holds the lock. */
  accountKey(): string {
    const path = join(this.path, 'account.pem')
    const known = readIfThere(path, PEM_BYTES_MAX)
    if (known !== undefined) return known
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    this.#write(this.path, 'account.pem', privateKey)
    return privateKey
  }

  /** Names that have a certificate, or that somebody wants one for; undefined: the folder is not there. */
  names(): readonly string[] | undefined {
    if (!existsSync(this.#certificates) || !existsSync(this.#standings)) return undefined
    const files = [...namesOf(this.#certificates, '.pem'), ...namesOf(this.#standings, '.json')]
    return [...new Set(files.map(nameOfFile))].filter(isCertifiable)
  }

  /** The certificate of a name; `known` when the file has not changed. Throws when it cannot be used. */
  certificate(name: string, known: FoundCertificate | undefined): FoundCertificate | undefined {
    const path = join(this.#certificates, `${fileOf(name)}.pem`)
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    const mark = markOf(stats)
    if (known?.mark === mark) return known
    const pem = readIfThere(path, PEM_BYTES_MAX)
    if (pem === undefined) return undefined
    const certificate = readCertificate(pem)
    if (!certificate.names.includes(name)) throw new Error('is for other names')
    return { mark, certificate }
  }

  writeCertificate(name: string, pem: string): void {
    this.#write(this.#certificates, `${fileOf(name)}.pem`, pem)
  }

  /** What is remembered about a name; undefined: nothing that can be read. */
  standing(name: string): Standing | undefined {
    try {
      const text = readIfThere(join(this.#standings, `${fileOf(name)}.json`), STANDING_BYTES_MAX)
      return text === undefined ? undefined : parseStanding(text)
    } catch {
      // Nothing in it is worth more than to be written anew.
      return undefined
    }
  }

  writeStanding(name: string, standing: Standing): void {
    this.#write(this.#standings, `${fileOf(name)}.json`, `${JSON.stringify(standing)}\n`)
  }

  forgetStanding(name: string): void {
    rmSync(join(this.#standings, `${fileOf(name)}.json`), { force: true })
  }

  /** The answer to a http-01 challenge while it is pending; whichever process it was made by. */
  proof(text: string): string | undefined {
    if (!token.test(text)) return undefined
    try {
      return readIfThere(join(this.#proofs, text), PROOF_BYTES_MAX)
    } catch {
      // Not readable: then it is no proof, and the authority says so to the one who ordered.
      return undefined
    }
  }

  writeProof(text: string, proof: string): void {
    if (!token.test(text)) throw new Error('the token of a challenge is not base64url')
    this.#write(this.#proofs, text, proof)
  }

  removeProof(text: string): void {
    if (token.test(text)) rmSync(join(this.#proofs, text), { force: true })
  }

  /** Removes what a process left that was ended in the middle. To be called by the one who holds the lock. */
  tidy(): void {
    for (const file of readdirSync(this.#proofs)) rmSync(join(this.#proofs, file), { force: true })
    for (const file of readdirSync(this.#certificates))
      if (file.startsWith('.')) rmSync(join(this.#certificates, file), { force: true })
  }

  /** The whole file is on the disk under its name, or the one before still is. */
  #write(folder: string, file: string, text: string): void {
    const path = join(folder, file)
    const unfinished = join(folder, `.${this.#random()}`)
    try {
      const descriptor = openSync(unfinished, 'wx', 0o600)
      try {
        writeSync(descriptor, text)
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      renameSync(unfinished, path)
    } catch (error) {
      rmSync(unfinished, { force: true })
      throw error
    }
    const entry = openSync(folder, 'r')
    try {
      fsyncSync(entry)
    } finally {
      closeSync(entry)
    }
  }
}

/** '*' has a meaning to shells, and '_' stands in no name that is certified. */
const fileOf = (name: string): string => name.replace('*', '_')
const nameOfFile = (file: string): string => file.replace('_', '*')

function namesOf(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => !file.startsWith('.') && file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
}

/** A renamed file is another inode; one that was edited has another time. */
function markOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}:${ctimeMs}`
}

function readIfThere(path: string, bytesMax: number): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (!stats.isFile() || stats.size > bytesMax) throw new Error('is no file of the expected size')
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // Taken away in between.
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

/** What stands there may have been written by another version, or by hand: what does not fit is forgotten. May throw. */
function parseStanding(text: string): Standing | undefined {
  const value = JSON.parse(text) as Partial<Standing> | null
  if (typeof value !== 'object' || value === null) return undefined
  const { wantedMs, failures, retryAtMs, issuedMs, lastTrouble, advice } = value
  if (![wantedMs, failures, retryAtMs, issuedMs].every(Number.isFinite)) return undefined
  const hasTrouble = Number.isFinite(lastTrouble?.atMs) && typeof lastTrouble?.text === 'string'
  const hasAdvice = typeof advice?.renewalId === 'string' && Number.isFinite(advice.askAtMs)
  return {
    wantedMs: wantedMs!,
    failures: failures!,
    retryAtMs: retryAtMs!,
    issuedMs: issuedMs!,
    lastTrouble: hasTrouble ? { atMs: lastTrouble!.atMs, text: lastTrouble!.text } : undefined,
    advice: hasAdvice
      ? {
          renewalId: advice.renewalId,
          renewAtMs: Number.isFinite(advice.renewAtMs) ? advice.renewAtMs : undefined,
          askAtMs: advice.askAtMs,
        }
      : undefined,
  }
}
