// The application behind the edge that is tried: a process of its own that makes pages from their URL alone, so that every
// answer can be judged. It listens on several ports, each a service with a name of its own.
//
//   /page/N              8 KB, fresh for two seconds, with an ETag
//   /pass/N              8 KB that must not be stored
//   /large/BYTES         fresh for an hour, of that length
//   /slow/BYTES/MS/N     must not be stored; so many bytes, sent in pieces over that time
//   /which               the name of the service
//   /edition/N           the edition of a page, fresh for an hour; an answer takes a while after it has been made up
//                        (X-Delay-Ms), POST makes the next edition
//   /upload              answers with length and CRC-32 of the request's body
//   /socket              a WebSocket that sends back what it gets
//
// Usage: bun test/endurance/application.ts PORT=NAME…
import { crc32 } from 'node:zlib'
import { pageBytes, pageOf } from '../../bench/page.ts'
import { pause } from '../../bench/wait.ts'

const pieces = 10
const notStored = { 'cache-control': 'no-store', 'content-type': 'text/html' }
const largePages = new Map<string, Blob>()
const editions = new Map<string, number>()

async function answer(request: Request, service: string): Promise<Response> {
  const path = new URL(request.url).pathname
  const [, kind, first = '', second = ''] = path.split('/')
  switch (kind) {
    case 'page':
      return new Response(pageOf(path, pageBytes), {
        headers: { 'cache-control': 'max-age=2', 'content-type': 'text/html', etag: `"${path}"` },
      })
    case 'pass':
      return new Response(pageOf(path, pageBytes), { headers: notStored })
    case 'large':
      return new Response(large(path, Number(first)), { headers: { 'cache-control': 'max-age=3600' } })
    case 'slow':
      return new Response(slowly(pageOf(path, Number(first)), Number(second)), { headers: notStored })
    case 'which':
      return new Response(service, { headers: notStored })
    case 'edition':
      return edition(request, path)
    case 'upload':
      return upload(request)
    default:
      return new Response('no such page', { status: 404 })
  }
}

/** A page that all its readers share: a response of the runtime copies everything but a Blob. */
function large(path: string, bytes: number): Blob {
  let page = largePages.get(path)
  if (page === undefined) largePages.set(path, (page = new Blob([pageOf(path, bytes)])))
  return page
}

function slowly(page: Uint8Array, overMs: number): ReadableStream<Uint8Array> {
  const pieceBytes = Math.ceil(page.length / pieces)
  let at = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (at > 0) await pause(overMs / pieces)
      controller.enqueue(page.subarray(at, at + pieceBytes))
      at += pieceBytes
      if (at >= page.length) controller.close()
    },
  })
}

async function edition(request: Request, path: string): Promise<Response> {
  const now = (editions.get(path) ?? 0) + (request.method === 'POST' ? 1 : 0)
  editions.set(path, now)
  // What was made up now is late: it may arrive when there is another one.
  await pause(Number(request.headers.get('x-delay-ms') ?? 0))
  const headers = { 'cache-control': request.method === 'POST' ? 'no-store' : 'max-age=3600' }
  return new Response(String(now), { headers })
}

async function upload(request: Request): Promise<Response> {
  let bytes = 0
  let crc = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    crc = crc32(chunk, crc)
  }
  return new Response(`${bytes} ${crc}`, { headers: notStored })
}

for (const argument of process.argv.slice(2)) {
  const [port, name = ''] = argument.split('=')
  Bun.serve({
    hostname: '127.0.0.1',
    port: Number(port),
    idleTimeout: 255,
    fetch(request, server) {
      if (request.url.endsWith('/socket') && server.upgrade(request, { data: undefined })) return undefined
      return answer(request, name)
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  })
}
console.log('the application answers')
