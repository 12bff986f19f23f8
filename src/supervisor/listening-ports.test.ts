// The ports of a process, against sockets that are really open.
import { expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { listeningPorts } from './listening-ports.ts'

async function listening(host: string): Promise<{ port: number; close: () => void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return { port: (server.address() as { port: number }).port, close: () => server.close() }
}

test.skipIf(process.platform !== 'linux')('those that a process listens on, and no others', async () => {
  const [one, six] = [await listening('127.0.0.1'), await listening('::1')]
  const ports = listeningPorts(process.pid)
  expect([ports.has(one.port), ports.has(six.port)]).toEqual([true, true])
  const child = Bun.spawn(['sleep', '60'])
  expect(listeningPorts(child.pid).size).toBe(0)
  child.kill()
  await child.exited
  one.close()
  six.close()
  expect(listeningPorts(2 ** 30).size).toBe(0)
})
