// What governs a response in this shared cache: of the response's own words the targeted field CDN-Cache-Control
// (RFC 9213) before Cache-Control and Expires (RFC 9111 §5.2 and §5.3), and the owner's policy where it has a say.
// Pragma says nothing in a response (RFC 9111 §5.4).
import { parseDictionary, type Member } from '../http/structured.ts'
import type { FieldReader } from '../http/message.ts'
import { remembered } from '../http/memo.ts'
import {
  combinedDirectives,
  responseDirectives,
  type Directive,
  type ResponseDirectives,
} from './directives.ts'
import { isHeuristicallyCacheable } from './freshness.ts'
import type { CachePolicy } from './policy.ts'

/** What a response is stored and reused by. */
export interface Control {
  /** Whose words they are; `owner`: the policy overrides the response. */
  readonly source: 'owner' | 'targeted' | 'cache-control'
  readonly directives: ResponseDirectives
  /** Whether Expires has a say when no directive gives a lifetime. */
  readonly expires: boolean
}

/** What governs a response on a route with this policy. */
export function governing(status: number, fields: FieldReader, policy: CachePolicy): Control {
  const control = ownControl(fields)
  // Errors and redirects that are not known to last are not the answers that an owner means by a lifetime.
  if (!policy.override || policy.ttlSeconds === undefined || !isHeuristicallyCacheable(status)) return control
  // The owner's lifetime in place of all that the response says about reuse; whom it may be shared with when it
  // answers a request with Authorization (RFC 9111 §3.5), what must not be stored of it, and whether it may be
  // transformed stay the response's to say.
  const { directives } = control
  const owners: ResponseDirectives = {
    ...combinedDirectives([]),
    maxAge: policy.ttlSeconds,
    noTransform: directives.noTransform,
    noCacheFields: directives.noCacheFields,
    privateFields: directives.privateFields,
    public: directives.public && !directives.private && !directives.noStore,
  }
  return { source: 'owner', directives: owners, expires: false }
}

function ownControl(fields: FieldReader): Control {
  const targeted = fields.get('cdn-cache-control')
  if (targeted !== undefined) {
    const directives = targetedDirectives(targeted)
    // RFC 9213 §2.2: a valid targeted field is used, and Cache-Control and Expires are ignored.
    if (directives !== 'invalid') return targetedControl(directives, fields)
  }
  return plainControl(fields.get('cache-control'))
}

const silent: Control = { source: 'cache-control', directives: responseDirectives(undefined), expires: true }

function plainControl(cacheControl: string | undefined): Control {
  return cacheControl === undefined ? silent : readControl(cacheControl)
}

const readControl = remembered(
  (cacheControl: string): Control => ({
    source: 'cache-control',
    directives: responseDirectives(cacheControl),
    expires: true,
  }),
  512,
)

/** `no-transform` of Cache-Control holds all the same: it is no caching policy, and binds whoever forwards. */
function targetedControl(directives: ResponseDirectives, fields: FieldReader): Control {
  const noTransform = directives.noTransform || responseDirectives(fields.get('cache-control')).noTransform
  return { source: 'targeted', directives: { ...directives, noTransform }, expires: false }
}

const inSeconds = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'])
const withFieldNames = new Set(['no-cache', 'private'])
const withoutArgument = new Set([
  'no-store',
  'no-transform',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'must-understand',
  'immutable',
])

/**
 * RFC 9213 §2.1: an empty field, one that is no dictionary, and one in which a directive that we know has a value of
 * another type, is ignored whole: half a policy may permit what the other half forbids.
 */
const targetedDirectives = remembered((text: string): ResponseDirectives | 'invalid' => {
  const dictionary = parseDictionary(text)
  if (dictionary === undefined || dictionary.size === 0) return 'invalid'
  const directives: Directive[] = []
  for (const [name, member] of dictionary) {
    const directive = targetedDirective(name, member)
    if (directive === 'invalid') return 'invalid'
    if (directive !== undefined) directives.push(directive)
  }
  return combinedDirectives(directives)
}, 256)

function targetedDirective(name: string, member: Member): Directive | 'invalid' | undefined {
  const value = member.kind === 'item' ? member.value : undefined
  const isTrue = value?.type === 'boolean' && value.value
  if (inSeconds.has(name)) {
    if (value?.type !== 'integer' || value.value < 0) return 'invalid'
    return { name, value: String(value.value) }
  }
  if (withFieldNames.has(name) && value?.type === 'string') return { name, value: value.value }
  if (withFieldNames.has(name) || withoutArgument.has(name))
    return isTrue ? { name, value: undefined } : 'invalid'
  return undefined
}
