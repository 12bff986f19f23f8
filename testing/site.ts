// Myriad in front of a raw origin whose answers a test gives path by path, and a client that asks for them: what most
// scenarios are made of.
import { type Config, type Myriad, startMyriad } from './myriad.ts'
import { type Answer, type RawOrigin, response, type SeenRequest, startRawOrigin } from './raw-origin.ts'
import { RawClient, type RawResponse } from './raw-client.ts'

/** A request in few words; the host is `site.test`. */
export interface Asked {
  readonly method?: string
  readonly lines?: readonly string[]
  readonly body?: string
}

/** A running site. */
export interface Site {
  readonly origin: RawOrigin
  readonly myriad: Myriad
  /** Gives the origin's answer for a path; the latest word holds. */
  on(path: string, answer: Answer | string): void
  /** The requests that the origin has seen for a path (with or without a query). */
  seen(path: string): SeenRequest[]
  /** A connection to Myriad. */
  connect(): Promise<RawClient>
  /** Sends a request on a connection of its own and returns the whole response. */
  ask(path: string, asked?: Asked): Promise<RawResponse>
  stop(): Promise<void>
}

/** The bytes of a request. */
export function request(path: string, { method = 'GET', lines = [], body }: Asked = {}): string {
  const framing = body === undefined ? [] : [`Content-Length: ${body.length}`]
  return `${[`${method} ${path} HTTP/1.1`, 'Host: site.test', ...lines, ...framing].join('\r\n')}\r\n\r\n${body ?? ''}`
}

/** A response that may be stored, with this lifetime. */
export function fresh(body: string, ...lines: string[]): string {
  return response('200 OK', ['Cache-Control: max-age=3600', ...lines], body)
}

/**
 * Starts an origin, and Myriad in front of it. A path without an answer of its own is a 404. A configuration that
 * needs the origin's URL is made from it.
 */
export async function startSite(config?: Config | ((origin: string) => Config)): Promise<Site> {
  const answers = new Map<string, Answer>()
  const origin = await startRawOrigin((seen) => {
    const answer = answers.get(pathOf(seen.target))
    return answer ? answer(seen) : response('404 Not Found', ['Cache-Control: no-store'])
  })
  const myriad = await startMyriad(origin.url, typeof config === 'function' ? config(origin.url) : config)
  const connect = () => RawClient.connect(myriad.port)
  return {
    origin,
    myriad,
    on: (path, answer) => void answers.set(path, typeof answer === 'string' ? () => answer : answer),
    seen: (path) => origin.requests.filter(({ target }) => pathOf(target) === path),
    connect,
    async ask(path, asked) {
      const client = await connect()
      try {
        await client.send(request(path, asked))
        return await client.response(asked?.method)
      } finally {
        client.destroy()
      }
    },
    async stop() {
      await myriad.stop()
      await origin.stop()
    },
  }
}

const pathOf = (target: string) => target.split('?')[0]!
