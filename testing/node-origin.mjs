// An origin on Node's own HTTP server, run by `node`: it prints one JSON line per event, and answers as the raw
// origin does. `head` comes with every request, `end` when its body is whole, `bad` for what Node refuses.
import { createServer } from 'node:http'

let count = 0
const print = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

const server = createServer({ maxHeaderSize: 1 << 17, keepAliveTimeout: 60_000 }, (request, response) => {
  const id = ++count
  const { method, url } = request
  const body = []
  print({ kind: 'head', id, method, target: url, host: request.headers.host })
  request.on('data', (chunk) => body.push(chunk))
  request.on('end', () => {
    print({ kind: 'end', id, body: Buffer.concat(body).toString('latin1') })
    response.writeHead(200, { 'Cache-Control': 'no-store' })
    response.end(`seen ${method} ${url}\n`)
  })
})
server.maxHeadersCount = 0
server.on('connect', (request, socket) => {
  print({ kind: 'head', id: ++count, method: 'CONNECT', target: request.url })
  socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n')
})
server.on('clientError', (error, socket) => {
  print({ kind: 'bad', code: error.code ?? error.message })
  if (socket.writable)
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
})
server.listen(0, '127.0.0.1', () => print({ kind: 'listening', port: server.address().port }))
