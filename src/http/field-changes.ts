// Changes that an owner makes to the fields of requests and responses, and the fields that are not his to change: those
// of the connection and of framing (RFC 9110 §7.6.1, RFC 9112 §6), and those by which Myriad itself says or reads
// something that has to be true.
import type { Fields } from './fields.ts'
import { isHopByHop } from './hopbyhop.ts'

/** Lines that take the place of all of their name, and names that are removed (lower case); removed first. */
export interface FieldChanges {
  readonly set: readonly (readonly [name: string, value: string])[]
  readonly remove: readonly string[]
}

/** Makes the changes. */
export function applyChanges(fields: Fields, { set, remove }: FieldChanges): void {
  for (const key of remove) fields.delete(key)
  for (const [name, value] of set) fields.set(name, value)
}

/** What delimits a message, or belongs to its connection. */
const framing: ReadonlySet<string> = new Set(['content-length', 'trailer', 'expect'])

/** Fields of a request that are made or judged here. */
const ofRequests: ReadonlySet<string> = new Set([
  'host',
  'accept-encoding',
  'via',
  'cdn-loop',
  'forwarded',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'max-forwards',
  'content-encoding',
  // Behind CGI it becomes HTTP_PROXY, which libraries obey.
  'proxy',
])

/** Fields of a response that tell caches and browsers what its octets are, and how old. */
const ofResponses: ReadonlySet<string> = new Set([
  'age',
  'date',
  'via',
  'vary',
  'etag',
  'last-modified',
  'cache-status',
  'content-encoding',
  'content-range',
  'accept-ranges',
])

/** Whether an owner may set or remove a field (lower case) of requests on their way to the application. */
export function mayChangeRequest(key: string): boolean {
  return !isConnections(key) && !ofRequests.has(key) && !key.startsWith('x-forwarded-')
}

/** Whether an owner may remove a field (lower case) of responses on their way to clients. */
export function mayRemoveFromResponse(key: string): boolean {
  return !isConnections(key) && !ofResponses.has(key)
}

/** Whether an owner may set a field of responses: not one of which each line is the application's own. */
export function maySetInResponse(key: string): boolean {
  return mayRemoveFromResponse(key) && key !== 'set-cookie'
}

function isConnections(key: string): boolean {
  return isHopByHop(key) || framing.has(key)
}
