// Clients that never come to the end of a request's head: a line drips in, an octet at a time. They come from many addresses
// of this machine, and come again when they are sent away.
import { connect, type Socket } from 'node:net'
import { pause } from '../../../bench/wait.ts'
import { openAll, inTurn, type StartCrowd } from './crowd.ts'

const addresses = 100
const octetEachMs = 5_000
const awayMs = 500

/** 127.0.0.2 and on: not the one that visitors come from. */
const addressOf = (place: number): string => `127.0.0.${2 + (place % addresses)}`

export const slowHeads: StartCrowd = async ({ port, count, path }, counts) => {
  const sockets: (Socket | undefined)[] = []
  const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Slow: `
  const open = (place: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(place) })
      let isOpen = false
      socket.once('connect', () => {
        isOpen = true
        counts.open++
        counts.opened++
        sockets[place] = socket
        socket.write(head)
        resolve()
      })
      // Whatever it is told does not matter to it.
      socket.on('data', (chunk: Buffer) => (counts.readBytes += chunk.length))
      socket.on('error', () => socket.destroy())
      socket.once('close', () => {
        sockets[place] = undefined
        if (isOpen) counts.open--
        counts.ended++
        resolve()
        void pause(awayMs).then(() => open(place))
      })
    })
  await openAll(count, open)
  inTurn(count, octetEachMs, (place) => {
    if (sockets[place]?.write('x') !== undefined) counts.sentBytes++
  })
}
