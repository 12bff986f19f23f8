import { describeSockets } from './socket-contract.ts'
import { runtimeConnect, runtimeListen } from './runtime-sockets.ts'

describeSockets('a socket of the runtime', {
  listen: (address, acceptor) => runtimeListen(address, false, acceptor),
  connect: (address, connector) => runtimeConnect(address, undefined, connector),
})
