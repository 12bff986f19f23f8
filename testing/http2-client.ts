// A client of HTTP/2 in clear text, by the runtime's node:http2: what is asked and what comes back look as those of `fetch`.
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'

/** Asks once, on a connection of its own. */
export async function askHttp2(url: string, path: string, init: BunFetchRequestInit): Promise<Response> {
  const session = connect(url)
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  session.on('error', reject)
  const fields = Object.fromEntries(new Headers(init.headers as Record<string, string>))
  const { body, method = 'GET', signal } = init
  if (typeof body === 'string') fields['content-length'] = String(Buffer.byteLength(body))
  const stream = session.request(
    { ':path': path, ':method': method, ...fields },
    { endStream: body === undefined || body === null },
  )
  stream.on('error', reject)
  signal?.addEventListener('abort', () => {
    reject(signal.reason as Error)
    stream.close(constants.NGHTTP2_CANCEL)
    session.close()
  })
  stream.on('response', (head) => resolve(responseOf(head, stream, session)))
  if (typeof body === 'string') stream.end(body)
  else if (body !== undefined && body !== null) {
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) stream.write(piece)
    stream.end()
  }
  return promise
}

function responseOf(
  head: IncomingHttpHeaders,
  stream: ReturnType<ClientHttp2Session['request']>,
  session: ClientHttp2Session,
): Response {
  const status = Number(head[':status'])
  const headers = new Headers()
  for (const [name, value] of Object.entries(head)) {
    if (name.startsWith(':') || value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, each)
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let isOver = false
      const over = (error?: Error): void => {
        if (isOver) return
        isOver = true
        session.close()
        if (error === undefined) controller.close()
        else controller.error(error)
      }
      stream.on('data', (piece: Buffer) => {
        if (!isOver) controller.enqueue(new Uint8Array(piece))
      })
      stream.on('end', () => over(stream.rstCode === 0 ? undefined : new Error(`reset: ${stream.rstCode}`)))
      stream.on('error', over)
      stream.on('close', () => over(new Error('closed')))
    },
    cancel() {
      stream.close(constants.NGHTTP2_CANCEL)
      session.close()
    },
  })
  const isEmpty = status === 204 || status === 304
  if (isEmpty) void body.cancel()
  return new Response(isEmpty ? null : body, { status, headers })
}
