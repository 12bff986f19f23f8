// Request fields that an application could act on though nobody here vouches for them: they do not reach it.
import { isLookalike } from './lookalike.ts'

/**
 * How a request field stands that no line of Myriad's own takes the place of: `stranger` is believed of a trusted peer
 * alone, `never` of nobody.
 */
export type Standing = 'plain' | 'stranger' | 'never'

/** Fields by which a proxy tells of its client. */
const strangers: ReadonlySet<string> = new Set([
  'true-client-ip',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
])

/** The standing of a field by its name in lower case. */
export function standingOf(key: string): Standing {
  // `Proxy` becomes HTTP_PROXY behind CGI, which libraries take for the proxy to send their requests through.
  if (key === 'proxy' || isLookalike(key)) return 'never'
  // X-Forwarded-Port, -Prefix and the like as well.
  return key.startsWith('x-forwarded-') || strangers.has(key) ? 'stranger' : 'plain'
}
