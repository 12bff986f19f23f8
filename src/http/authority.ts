// A request's authority (RFC 9110 §4.2 and §7.2; RFC 3986 §3.2): host and optional port, checked and in normal form.
// User information is refused: in http(s) it only ever misleads.

// Narrower than reg-name (RFC 3986 §3.2.2): sub-delimiters and percent-encoding stand in no name that a site is asked
// under, and peers read them differently.
const form = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~]+)(?::([0-9]{0,5}))?$/

/** RFC 1035 §2.3.4. */
const HOST_LENGTH_MAX = 255
const LENGTH_MAX = HOST_LENGTH_MAX + ':65535'.length

const MEMO_MAX = 1024
const memo = new Map<string, string | undefined>()

/**
 * The authority in lower case and without the scheme's default port, or undefined when it is not valid. Remembered,
 * boundedly: a site is asked under few names.
 */
export function normalAuthority(text: string, scheme: 'http' | 'https'): string | undefined {
  // What is remembered is then bounded in bytes too.
  if (text.length > LENGTH_MAX) return undefined
  const key = scheme === 'http' ? text : `s ${text}`
  const known = memo.get(key)
  if (known !== undefined || memo.has(key)) return known
  const normal = parse(text, scheme)
  if (memo.size >= MEMO_MAX) memo.clear()
  memo.set(key, normal)
  return normal
}

function parse(text: string, scheme: 'http' | 'https'): string | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const host = match[1]!.toLowerCase()
  if (host.length > HOST_LENGTH_MAX) return undefined
  if (host.startsWith('[') && !isIpv6(host.slice(1, -1))) return undefined
  if (match[2] === undefined || match[2] === '') return host
  const port = Number(match[2])
  if (port < 1 || port > 65535) return undefined
  return port === (scheme === 'http' ? 80 : 443) ? host : `${host}:${port}`
}

function isIpv6(text: string): boolean {
  return URL.canParse(`http://[${text}]/`)
}
