// The visitors: which requests they send. Made beforehand and on a fixed seed, so that the load generator has nothing
// to compute and every run sends the same.
import { seededRandom, zipf } from './zipf.ts'

/** What a crowd of visitors asks for. */
export interface Crowd {
  /** How many different pages there are. */
  readonly pages: number
  /** The path of the n-th page. */
  readonly path: (n: number) => string
  /** Accept-Encoding values, one by one; empty: the field is not sent. */
  readonly encodings: readonly string[]
  /** The share of requests that carry If-None-Match with the page's ETag, which is its path in quotes. */
  readonly revisits: number
}

/** 10,000 pages of 8 KB, 5% of the requests by visitors who have been there before. */
export const ordinaryCrowd: Crowd = {
  pages: 10_000,
  path: (n) => `/page/${n}`,
  encodings: [],
  revisits: 0.05,
}

const userAgents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
] as const

const languages = [
  'en-GB,en;q=0.9',
  'de-DE,de;q=0.9,en;q=0.7',
  'nl,en;q=0.8',
  'fr-FR,fr;q=0.9,en;q=0.5',
] as const

/** `count` requests of a crowd, whole HTTP/1.1 messages. */
export function requestsOf(crowd: Crowd, count: number): string[] {
  const random = seededRandom(20260501)
  const page = zipf(crowd.pages, 1, random)
  const oneOf = (values: readonly string[]): string => values[Math.floor(random() * values.length)]!
  return Array.from({ length: count }, () => {
    const path = crowd.path(page())
    const cookie = `_ga=GA1.1.${Math.floor(random() * 1e9)}.${1_700_000_000 + Math.floor(random() * 1e8)}`
    const fields = [
      `User-Agent: ${oneOf(userAgents)}`,
      'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      `Accept-Language: ${oneOf(languages)}`,
      `Cookie: ${cookie}`,
    ]
    if (crowd.encodings.length > 0) fields.push(`Accept-Encoding: ${oneOf(crowd.encodings)}`)
    if (random() < crowd.revisits) fields.push(`If-None-Match: "${path}"`)
    return messageOf(path, fields)
  })
}

/** One plain request for every page, in every coding that the crowd asks for: what warms a cache up. */
export function everyPage(crowd: Crowd): string[] {
  const encodings = crowd.encodings.length > 0 ? crowd.encodings : [undefined]
  return Array.from({ length: crowd.pages }, (_, n) =>
    encodings.map((encoding) =>
      messageOf(crowd.path(n), encoding === undefined ? [] : [`Accept-Encoding: ${encoding}`]),
    ),
  ).flat()
}

/** The site's name, the same for every server that is measured. */
export const siteName = 'www.example.org'

/** A GET request. */
export function messageOf(path: string, fields: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, `Host: ${siteName}`, ...fields, '', ''].join('\r\n')
}
