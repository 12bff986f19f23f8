// Asks whether somebody who answers at a socket speaks FastCGI, without running any script: FCGI_GET_VALUES, a management
// record of the protocol (FastCGI 1.0, sections 3.3 and 4.1). An HTTP server on the same port closes or says something else.
import type { Timers } from '../base/clock.ts'

/** How long an answer may take. A php-fpm of which every worker is busy does not answer, and is not taken. */
const PING_MS = 1000

const VERSION = 1
const GET_VALUES = 9
const GET_VALUES_RESULT = 10
const HEADER_BYTES = 8

const name = Buffer.from('FCGI_MPXS_CONNS')
/** Header (version, type, request id 0, content length, padding, reserved), then one name without a value. */
const question = Buffer.concat([
  Buffer.from([VERSION, GET_VALUES, 0, 0, 0, name.length + 2, 0, 0]),
  Buffer.from([name.length, 0]),
  name,
])

/** Whether FastCGI is spoken at a socket: a path, or HOST:PORT. */
export function speaksFastCgi(socket: string, timers: Timers): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0)
    let connection: Bun.Socket<undefined> | undefined
    const settle = (answer: boolean): void => {
      // First of all: the end of the connection is told, too, and counts no more.
      resolve(answer)
      timer.cancel()
      connection?.terminate()
    }
    const timer = timers.after(PING_MS, () => settle(false))
    const handlers: Bun.SocketHandler<undefined> = {
      open(opened) {
        connection = opened
        opened.write(question)
      },
      data(_, chunk) {
        heard = Buffer.concat([heard, chunk])
        if (heard.length >= HEADER_BYTES || !isAnswer(heard)) settle(isAnswer(heard))
      },
      close: () => settle(false),
      error: () => settle(false),
      connectError: () => settle(false),
    }
    connect(socket, handlers).catch(() => settle(false))
  })
}

/** Whether these bytes can begin the answer: FCGI_GET_VALUES_RESULT of version 1, request id 0. */
function isAnswer(bytes: Uint8Array): boolean {
  return [VERSION, GET_VALUES_RESULT, 0, 0].every((byte, i) => i >= bytes.length || bytes[i] === byte)
}

async function connect(socket: string, handlers: Bun.SocketHandler<undefined>): Promise<void> {
  if (socket.startsWith('/')) {
    await Bun.connect({ unix: socket, socket: handlers })
    return
  }
  const colon = socket.lastIndexOf(':')
  const hostname = socket.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  await Bun.connect({ hostname, port: Number(socket.slice(colon + 1)), socket: handlers })
}
