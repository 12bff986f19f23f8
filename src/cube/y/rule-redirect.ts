// Where a rule sends a request: a target with what its path pattern stood for put in. Compiled when the configuration is
// read, so that what is wrong is known then.
//
// Never an open redirect: the host is the owner's text, and ends before anything of the request begins; a target on the
// same host keeps exactly one slash in front, since browsers take '//evil.test' and '/\evil.test' for another host.
import { normalAuthority } from '../../http/authority.ts'
import { mergedPath } from '../../http/target.ts'
import { pathCapture, type PathCapture } from './path-capture.ts'
import type { PatternError } from './pattern.ts'

export const redirectStatuses = [301, 302, 307, 308] as const

export type RedirectStatus = (typeof redirectStatuses)[number]

/** A redirect (RFC 9110 §15.4). */
export interface Redirect {
  readonly status: RedirectStatus
  /** As the owner wrote it. */
  readonly to: string
  /** Scheme and host of the target; undefined: those of the request. */
  readonly origin: { readonly scheme: 'http' | 'https'; readonly authority: string } | undefined
  /** A path for each of the rule's patterns that it matches. */
  readonly examples: readonly string[]
  /** The value of Location for a request whose path the rule matches. The request's query goes along. */
  location(pathAndQuery: string): string
}

/** What stands in a target for a part of the request's path: a segment, what '*' was, or all of it. */
const placeholder = /:[A-Za-z_][A-Za-z0-9_]*|\*|\$path(?![A-Za-z0-9_])/g

/** Compiles a target; `patterns`: those of the rule's paths, all valid. */
export function compileRedirect(
  to: string,
  status: RedirectStatus,
  patterns: readonly string[],
): Redirect | PatternError {
  if (/[\u0000-\u0020\u007f"<>\\^`{|}]/.test(to))
    return { error: 'must not hold spaces, control bytes, or any of " < > \\ ^ ` { | }' }
  const escaped = to.replaceAll(/[^\u0021-\u007e]+/g, (text) => encodeURIComponent(text.toWellFormed()))
  const [, scheme, host, rest] = /^(?:(https?):\/\/([^/?#$*]*))?(.*)$/i.exec(escaped)!
  const origin = scheme === undefined ? undefined : originOf(scheme, host!)
  if (scheme !== undefined && origin === undefined)
    return { error: "must name a host that stands there as it is, as in 'https://example.com/*'" }
  if (!/^(?:\/|\$path(?![A-Za-z0-9_]))/.test(rest!) && !(origin !== undefined && /^(?:[?#]|$)/.test(rest!)))
    return { error: "must be a path such as '/new/*', or a URL such as 'https://example.com/new/*'" }
  const captures = patterns.map(pathCapture)
  const missing = unknownPlaceholder(rest!, captures)
  if (missing !== undefined) return { error: missing }
  const [beforeFragment = '', fragment] = split(rest!, '#')
  const [path, query] = split(beforeFragment, '?')
  const prefix = origin === undefined ? '' : `${origin.scheme}://${origin.authority}`
  return {
    status,
    to,
    origin,
    examples: captures.map(({ example }) => example),
    location(pathAndQuery) {
      const [from, asked] = split(pathAndQuery, '?')
      const values = captures
        .map((capture) => capture.read(from) ?? capture.read(mergedPath(from)))
        .find((read) => read !== undefined)
      const fill = (text: string, encode: (value: string) => string): string =>
        text.replaceAll(placeholder, (name) =>
          encode(name === '$path' ? from : (values?.get(name.replace(':', '')) ?? '')),
        )
      const filled = fill(path === '' ? '/' : path, asItIs)
      const target = origin === undefined ? filled.replace(/^[/\\]+/, '/') : filled
      const targetQuery = query === undefined ? asked : fill(query, inQuery)
      return (
        prefix +
        target +
        (targetQuery === undefined ? '' : `?${targetQuery}`) +
        (fragment === undefined ? '' : `#${fill(fragment, inQuery)}`)
      )
    },
  }
}

function originOf(scheme: string, host: string): Redirect['origin'] {
  const lower = scheme.toLowerCase() === 'https' ? 'https' : 'http'
  const authority = normalAuthority(host, lower)
  return authority === undefined ? undefined : { scheme: lower, authority }
}

/** What is wrong with a placeholder, in words. */
function unknownPlaceholder(target: string, captures: readonly PathCapture[]): string | undefined {
  if (target.replaceAll(placeholder, '').includes('$')) return "may hold '$path' and no other '$': write %24"
  for (const [name] of target.matchAll(placeholder)) {
    if (name === '$path' || captures.every(({ names }) => names.includes(name.replace(':', '')))) continue
    return name === '*'
      ? "holds a '*', but not every path of the rule has one"
      : `'${name}' is no segment of every path of the rule: write %3A for a colon`
  }
  return undefined
}

const asItIs = (value: string): string => value

/** A part of a path, which is escaped already, must not become two parameters in a query. */
const inQuery = (value: string): string =>
  value.replaceAll(/[&=+;#?]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** The text before and after the first of these characters. */
function split(text: string, at: string): readonly [string, string | undefined] {
  const index = text.indexOf(at)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}
