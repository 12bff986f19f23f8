// Free loopback ports for child processes that must be told theirs. A port is free at the moment of asking; nobody
// holds it until the child binds it.
import { createServer } from 'node:net'

/** `count` different free ports on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', () => resolve(server))
      })
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** One free port on 127.0.0.1. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!
}
