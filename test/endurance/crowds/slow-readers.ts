// Clients that ask for a large page and take it at a trickle: what has arrived is read now and then.
import { pause } from '../../../bench/wait.ts'
import { openAll, inTurn, type StartCrowd } from './crowd.ts'

const readEachMs = 5_000
const awayMs = 500

export const slowReaders: StartCrowd = async ({ port, count, path }, counts) => {
  const sockets: (Bun.Socket | undefined)[] = []
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const open = async (place: number): Promise<void> => {
    const again = async (): Promise<void> => {
      sockets[place] = undefined
      counts.ended++
      await pause(awayMs)
      await open(place)
    }
    try {
      sockets[place] = await Bun.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open(socket) {
            counts.open++
            counts.opened++
            socket.write(request)
          },
          data(socket, chunk) {
            counts.readBytes += chunk.length
            socket.pause()
          },
          close() {
            counts.open--
            void again()
          },
        },
      })
    } catch {
      void again()
    }
  }
  await openAll(count, open)
  inTurn(count, readEachMs, (place) => void sockets[place]?.resume())
}
