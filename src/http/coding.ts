// Content codings (RFC 9110 §8.4.1 and §12.5.3): which of the codings that Myriad makes a client takes, and which media
// types gain from one.
import { remembered } from './memo.ts'

/** The codings that Myriad makes, and none. */
export type Coding = 'zstd' | 'br' | 'gzip' | 'identity'

/** What is offered, the best first: at equal weight the server chooses. */
const offered = ['zstd', 'br', 'gzip'] as const

/**
 * The coding to send for an Accept-Encoding field: of those offered the one with the highest weight. Identity when the
 * client names none, prefers it, or refuses everything (§12.5.3: then no coding is the best answer).
 */
export function negotiateCoding(acceptEncoding: string | undefined): Coding {
  return acceptEncoding === undefined ? 'identity' : (taken(acceptEncoding)[0] ?? 'identity')
}

/** The codings that a client would rather have than none, the best first. */
export function takenCodings(acceptEncoding: string | undefined): readonly Exclude<Coding, 'identity'>[] {
  return acceptEncoding === undefined ? none : taken(acceptEncoding)
}

const none: readonly Exclude<Coding, 'identity'>[] = []

const taken = remembered((acceptEncoding: string): readonly Exclude<Coding, 'identity'>[] => {
  const weights = new Map<string, number>()
  for (const element of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = element.split(';')
    const coding = name.trim().toLowerCase()
    if (coding === '') continue
    // §8.4.1.3: x-gzip is gzip.
    weights.set(coding === 'x-gzip' ? 'gzip' : coding, weightOf(parameters))
  }
  const any = weights.get('*') ?? 0
  const weight = (coding: Coding): number =>
    // '*' means anything; what sends it alone is some tool, and every tool that decodes at all knows gzip.
    weights.get(coding) ?? (coding === 'gzip' ? any : 0)
  // A client that does not name identity takes it, but would rather have a coding that it names.
  const least = weights.get('identity') ?? 0
  return offered
    .filter((coding) => weight(coding) > 0 && weight(coding) >= least)
    .toSorted((a, b) => weight(b) - weight(a))
}, 512)

/** §12.4.2; a weight that is not valid is taken as refusal. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const text = parameter.trim().toLowerCase()
    if (text.startsWith('q='))
      return /^q=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text.slice(2)) : 0
  }
  return 1
}

const compressibleTypes =
  /^(?:text\/.*|.*\+(?:json|xml|text)|application\/(?:json|javascript|x-javascript|ecmascript|xml|xhtml\+xml|wasm|graphql|sql|yaml|toml|rtf|x-ndjson|x-httpd-php|manifest\+json|vnd\.ms-fontobject|x-font-ttf|x-font-otf)|font\/(?:ttf|otf|sfnt|collection)|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon|x-portable-.*)|model\/(?:gltf\+json|obj|stl)|multipart\/form-data)$/

/** Whether this media type gains from compression; images, sound, video, woff and archives are compressed already. */
export function compressible(contentType: string | undefined): boolean {
  return contentType !== undefined && compressibleType(contentType)
}

const compressibleType = remembered((contentType: string): boolean => {
  const end = contentType.indexOf(';')
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
  // Server-sent events must arrive one by one; a coder would hold them back.
  return type !== 'text/event-stream' && compressibleTypes.test(type)
}, 512)
