// Load at a given rate (open loop): a request is due at its time whether or not earlier ones have been answered, and
// its latency counts from when it was due. A server that stalls cannot hide it by slowing the generator down.
import { ClientConnection } from './client.ts'
import { percentile } from './statistics.ts'
import { realClock } from '../src/base/clock.ts'
import { pause } from './wait.ts'

/** What a run at a given rate saw. */
export interface PacedRun {
  readonly answered: number
  readonly errors: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What is asked at a given rate: a connection that takes one request after another. */
export interface AskedConnection<Message> {
  ask(message: Message): Promise<{ readonly status: number }>
}

/** Opens many connections, some hundred at a time, so that no listen queue overflows. */
export async function openMany(
  port: number,
  count: number,
  scheme: 'http' | 'https' = 'http',
): Promise<ClientConnection[]> {
  const connections: ClientConnection[] = []
  while (connections.length < count) {
    const batch = Math.min(500, count - connections.length)
    const opening = Array.from({ length: batch }, () => ClientConnection.open(port, {}, scheme))
    connections.push(...(await Promise.all(opening)))
  }
  return connections
}

/** Sends `perSecond` requests a second, over each connection in turn, for `seconds`; then waits for the answers. */
export async function paced<Message>(
  connections: readonly AskedConnection<Message>[],
  messages: readonly Message[],
  perSecond: number,
  seconds: number,
): Promise<PacedRun> {
  const latenciesMs: number[] = []
  let answered = 0
  let errors = 0
  const last = connections.map(() => Promise.resolve())
  const startMs = realClock.monotonicMs()
  const ask = async (
    connection: AskedConnection<Message>,
    message: Message,
    dueMs: number,
  ): Promise<void> => {
    try {
      const { status } = await connection.ask(message)
      answered++
      if (status >= 400) errors++
    } catch {
      // Counted: a broken connection is what this run looks for.
      errors++
    }
    // Who was not answered has waited, too.
    latenciesMs.push(realClock.monotonicMs() - dueMs)
  }
  for (let sent = 0; sent < perSecond * seconds;) {
    const due = Math.min(((realClock.monotonicMs() - startMs) / 1000) * perSecond, perSecond * seconds)
    for (; sent < due; sent++) {
      const at = sent % connections.length
      const message = messages[sent % messages.length]!
      const dueMs = startMs + (sent * 1000) / perSecond
      last[at] = last[at]!.then(() => ask(connections[at]!, message, dueMs))
    }
    await pause(1)
  }
  await Promise.all(last)
  return {
    answered,
    errors,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  }
}
