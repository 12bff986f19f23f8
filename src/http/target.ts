// The one normal form of a request target's path, used for routing, for the key and towards the origin, so that no
// two of them can disagree: unreserved characters decoded, hexadecimal digits in upper case (RFC 3986 §6.2.2.1 and
// §6.2.2.2), then dot segments removed (§5.2.4). `%2F` and `//` are kept: they mean something else than `/` to some; to
// the owner's patterns `//` is `/`. The query is left as it is.
//
// RFC 9110 §7.7 asks proxies not to rewrite a path; Myriad is the site's gateway (docs/DECISIONS.md).

const unreserved = /^[A-Za-z0-9\-._~]$/

/**
 * The normal form of an origin-form target ('/path?query'), or undefined when the path is not valid: a broken percent
 * triplet, or an encoded NUL, which some origins take as the end of a name.
 */
export function normalTarget(raw: string): string | undefined {
  const at = raw.indexOf('?')
  const path = at < 0 ? raw : raw.slice(0, at)
  const normal = normalPath(path)
  if (normal === undefined) return undefined
  return at < 0 ? normal : normal + raw.slice(at)
}

/** The normal form of a path that starts with '/'. */
export function normalPath(path: string): string | undefined {
  const decoded = path.includes('%') ? decodeUnreserved(path) : path
  if (decoded === undefined) return undefined
  return decoded.includes('/.') ? removeDotSegments(decoded) : decoded
}

/** A path without empty segments: what `/a//b` is to file systems, to web servers and to most applications. */
export function mergedPath(path: string): string {
  return path.includes('//') ? path.replaceAll(/\/{2,}/g, '/') : path
}

function decodeUnreserved(path: string): string | undefined {
  let out = ''
  let from = 0
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 3)) {
    const hex = path.slice(at + 1, at + 3)
    if (!/^[0-9A-Fa-f]{2}$/.test(hex) || hex === '00') return undefined
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    out += path.slice(from, at) + (unreserved.test(character) ? character : `%${hex.toUpperCase()}`)
    from = at + 3
  }
  return out + path.slice(from)
}

/** RFC 3986 §5.2.4, for an absolute path. */
function removeDotSegments(path: string): string {
  const segments = path.slice(1).split('/')
  const out: string[] = []
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (segment === '.' || segment === '..') {
      if (segment === '..') out.pop()
      if (last) out.push('')
    } else out.push(segment)
  }
  return `/${out.join('/')}`
}
