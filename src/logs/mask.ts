// What of a URL is not for a log: values of query parameters whose names tell of a secret, and a user name or password
// before the host. Pure.
//
// Names are taken apart into words, since the same secret is called `token`, `access_token`, `accessToken`,
// `user[token]` and `X-Amz-Security-Token`. A harmless `key` or `code` is masked with them: what is masked in vain costs a
// look into the application, what is shown in vain costs an account. Secrets in a path, or under a name that says
// nothing, are left out: nothing tells them apart.
import { remembered } from '../http/memo.ts'

/** In the place of what is masked. */
export const MASK = '***'

/** Words of names whose values are secrets, or stand for one. */
export const secretWords: readonly string[] = [
  'token jwt bearer auth authorization oauth sso saml ticket assertion',
  'password passwd passphrase pass pwd pin otp totp mfa nonce',
  'secret key apikey credential credentials signature sig hmac hash code',
  'session sessionid sid phpsessid jsessionid csrf xsrf wpnonce',
].flatMap((words) => words.split(' '))

const NAMES_REMEMBERED = 1024

/** Makes a function that masks a URL or a target; `names`: further parameters, by their whole names. */
export function masking(names: readonly string[]): (url: string) => string {
  const secret = new Set(secretWords)
  const named = new Set(names.map((name) => name.toLowerCase()))
  const isSecret = remembered((name) => {
    const plain = decoded(name)
    return named.has(plain.toLowerCase()) || wordsOf(plain).some((word) => secret.has(word))
  }, NAMES_REMEMBERED)
  return (url) => {
    const start = withoutUser(url)
    const query = start.indexOf('?')
    return query < 0 ? start : maskedFrom(start, query + 1, isSecret)
  }
}

/** A URL without its query; what it had is told by the question mark. */
export function withoutQuery(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query + 1)
}

function maskedFrom(url: string, from: number, isSecret: (name: string) => boolean): string {
  let masked = ''
  let copied = 0
  for (let at = from; at < url.length;) {
    const end = separatorFrom(url, at)
    const equals = url.indexOf('=', at)
    if (equals >= 0 && equals + 1 < end && isSecret(url.slice(at, equals))) {
      masked += url.slice(copied, equals + 1) + MASK
      copied = end
    }
    at = end + 1
  }
  return copied === 0 ? url : masked + url.slice(copied)
}

/** The position of what ends a parameter; `;` does so to some applications, and `#` where there ought to be none. */
function separatorFrom(url: string, from: number): number {
  for (let at = from; at < url.length; at++) {
    const octet = url.charCodeAt(at)
    if (octet === 38 || octet === 59 || octet === 35) return at
  }
  return url.length
}

/** RFC 9110 §4.2.4: what stands before the host is for nobody's eyes. */
function withoutUser(url: string): string {
  if (!url.includes('@')) return url
  return url.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, '$1//')
}

function decoded(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    // Not an encoding of UTF-8: what of it is ASCII still tells.
    return name.replaceAll(/%([0-7][0-9a-f])/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    )
  }
}

/** The words of a name in lower case: at each sign, and where small letters are followed by a capital. */
function wordsOf(name: string): string[] {
  const spaced = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
  return spaced.toLowerCase().split(/[^a-z0-9]+/)
}
