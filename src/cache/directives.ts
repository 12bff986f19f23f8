// Cache-Control (RFC 9111 §5.2; stale-while-revalidate and stale-if-error: RFC 5861; immutable: RFC 8246), of requests
// and responses. Directives that nobody knows are ignored (§5.2.3).
//
// Reading is careful in one direction: whatever is odd ends in less caching. A lifetime that is not a number is 0
// (§4.2.1), the first of two lifetimes counts (§4.2.1), a directive that restricts holds whatever argument it carries,
// and one that permits does not hold with an argument that it may not have.
import { remembered } from '../http/memo.ts'

/** Directives of a request (RFC 9111 §5.2.1, RFC 5861 §4); seconds. */
export interface RequestDirectives {
  readonly maxAge: number | undefined
  /** Infinity: `max-stale` without a value. */
  readonly maxStale: number | undefined
  readonly minFresh: number | undefined
  readonly noCache: boolean
  readonly noStore: boolean
  readonly noTransform: boolean
  readonly onlyIfCached: boolean
  readonly staleIfError: number | undefined
}

/** Directives of a response (RFC 9111 §5.2.2, RFC 5861, RFC 8246); seconds. */
export interface ResponseDirectives {
  readonly maxAge: number | undefined
  readonly sMaxage: number | undefined
  /** Without an argument: the whole response. */
  readonly noCache: boolean
  /** Lower-cased names of `no-cache="…"`. */
  readonly noCacheFields: readonly string[]
  readonly noStore: boolean
  readonly noTransform: boolean
  /** Without an argument: the whole response. */
  readonly private: boolean
  /** Lower-cased names of `private="…"`. */
  readonly privateFields: readonly string[]
  readonly public: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean
  readonly immutable: boolean
  readonly staleWhileRevalidate: number | undefined
  readonly staleIfError: number | undefined
}

/** RFC 9111 §1.2.2: what a number of seconds too large to count means; over 68 years. */
const SECONDS_MAX = 2 ** 31

/** A number of seconds (§1.2.2), at most 2³¹; undefined when the text is no such number. */
export function parseSeconds(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Math.min(Number(text), SECONDS_MAX) : undefined
}

/** The directives of a request's Cache-Control field, its lines joined; undefined: there is none. */
export function requestDirectives(cacheControl: string | undefined): RequestDirectives {
  return cacheControl === undefined ? noRequestDirectives : readRequest(cacheControl)
}

/** The directives of a response's Cache-Control field, its lines joined; undefined: there is none. */
export function responseDirectives(cacheControl: string | undefined): ResponseDirectives {
  return cacheControl === undefined ? noResponseDirectives : readResponse(cacheControl)
}

/** One directive as a response carries it, in Cache-Control or in a targeted field; `value` undefined: no argument. */
export interface Directive {
  readonly name: string
  readonly value: string | undefined
}

const noRequestDirectives: RequestDirectives = {
  maxAge: undefined,
  maxStale: undefined,
  minFresh: undefined,
  noCache: false,
  noStore: false,
  noTransform: false,
  onlyIfCached: false,
  staleIfError: undefined,
}

const noResponseDirectives: ResponseDirectives = {
  maxAge: undefined,
  sMaxage: undefined,
  noCache: false,
  noCacheFields: [],
  noStore: false,
  noTransform: false,
  private: false,
  privateFields: [],
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  immutable: false,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const readRequest = remembered((cacheControl: string): RequestDirectives => {
  const read: Writable<RequestDirectives> = { ...noRequestDirectives }
  for (const { name, value } of directivesOf(cacheControl)) {
    // A request's directives are advice: one that cannot be read is none.
    const seconds = value === undefined ? undefined : parseSeconds(value)
    switch (name) {
      case 'max-age':
        read.maxAge ??= seconds
        break
      case 'max-stale':
        read.maxStale ??= value === undefined ? Infinity : seconds
        break
      case 'min-fresh':
        read.minFresh ??= seconds
        break
      case 'no-cache':
        read.noCache = true
        break
      case 'no-store':
        read.noStore = true
        break
      case 'no-transform':
        read.noTransform = true
        break
      case 'only-if-cached':
        read.onlyIfCached = true
        break
      case 'stale-if-error':
        read.staleIfError ??= seconds
        break
    }
  }
  return read
}, 512)

const readResponse = remembered(
  (cacheControl: string): ResponseDirectives => combinedDirectives(directivesOf(cacheControl)),
  1024,
)

/** What a list of response directives says together. */
export function combinedDirectives(directives: Iterable<Directive>): ResponseDirectives {
  const read: Writable<ResponseDirectives> = { ...noResponseDirectives }
  for (const { name, value } of directives) {
    switch (name) {
      case 'max-age':
        read.maxAge ??= lifetime(value)
        break
      case 's-maxage':
        read.sMaxage ??= lifetime(value)
        break
      case 'stale-while-revalidate':
        read.staleWhileRevalidate ??= lifetime(value)
        break
      case 'stale-if-error':
        read.staleIfError ??= lifetime(value)
        break
      case 'no-cache': {
        const names = fieldNames(value)
        if (names.length === 0) read.noCache = true
        else read.noCacheFields = [...read.noCacheFields, ...names]
        break
      }
      case 'private': {
        const names = fieldNames(value)
        if (names.length === 0) read.private = true
        else read.privateFields = [...read.privateFields, ...names]
        break
      }
      case 'no-store':
        read.noStore = true
        break
      case 'no-transform':
        read.noTransform = true
        break
      case 'must-revalidate':
        read.mustRevalidate = true
        break
      case 'proxy-revalidate':
        read.proxyRevalidate = true
        break
      case 'public':
        read.public ||= value === undefined
        break
      case 'must-understand':
        read.mustUnderstand ||= value === undefined
        break
      case 'immutable':
        // RFC 8246 §2: an argument has no meaning and is ignored.
        read.immutable = true
        break
    }
  }
  return read
}

/** §4.2.1: freshness information that is not valid means stale. */
function lifetime(value: string | undefined): number {
  return value === undefined ? 0 : (parseSeconds(value) ?? 0)
}

/** The field names in an argument; empty when there is none, or when it holds anything else: then it is unqualified. */
function fieldNames(value: string | undefined): readonly string[] {
  if (value === undefined || value.startsWith(' ')) return []
  const names = value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  return names.every((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) ? names : []
}

/** The directives of a Cache-Control field in order, names in lower case, quoted arguments without their quotes. */
function* directivesOf(text: string): Generator<Directive> {
  let at = 0
  let equals = -1
  while (at < text.length) {
    const comma = indexOrEnd(text, ',', at)
    // Looked for once: a stranger's list without any would be read to its end for every member.
    if (equals < at) equals = indexOrEnd(text, '=', at)
    if (equals > comma || equals === text.length) {
      const name = text.slice(at, comma).trim().toLowerCase()
      if (name !== '') yield { name, value: undefined }
      at = comma + 1
      continue
    }
    const written = text.slice(at, equals).trimStart()
    const name = written.trim().toLowerCase()
    const quoted = quotedString(text, equals + 1)
    const end = quoted === undefined ? comma : indexOrEnd(text, ',', quoted.end)
    const argument = quoted === undefined ? text.slice(equals + 1, end).trimEnd() : quoted.value
    // No whitespace may stand around '=', nor anything after a quoted string (§5.2). Where it does the argument is kept,
    // spoilt: never a valid number, nor a list of names.
    const spoilt =
      written.length !== name.length || (quoted !== undefined && text.slice(quoted.end, end).trim() !== '')
    yield { name, value: spoilt ? ` ${argument}` : argument }
    at = end + 1
  }
}

/** The quoted string (RFC 9110 §5.6.4) at a position and where it ends; undefined when there is none or no end to it. */
function quotedString(text: string, at: number): { value: string; end: number } | undefined {
  if (text[at] !== '"') return undefined
  let value = ''
  for (let i = at + 1; i < text.length; i++) {
    const character = text[i]!
    if (character === '"') return { value, end: i + 1 }
    value += character === '\\' && i + 1 < text.length ? text[++i]! : character
  }
  return undefined
}

function indexOrEnd(text: string, character: string, at: number): number {
  const found = text.indexOf(character, at)
  return found < 0 ? text.length : found
}
