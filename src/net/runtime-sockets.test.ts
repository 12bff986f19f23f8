import { describeSockets } from './socket-contract.ts'
import { runtimeConnect, runtimeListen } from './runtime-sockets.ts'

describeSockets('a socket of the runtime', {
  listen: runtimeListen,
  connect: (address, connector) => runtimeConnect(address, undefined, connector),
})
