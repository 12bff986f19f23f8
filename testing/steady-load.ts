// Clients that ask one after another without a pause, while something happens to the server.
import { RawClient } from './raw-client.ts'
import { request } from './site.ts'

/** Clients at work. */
export interface SteadyLoad {
  /** How many answers have come. */
  readonly answers: number
  /** Has them stop, and tells every answer that was not 200, and every failure. */
  stop(): Promise<string[]>
}

/**
 * So many clients that ask for /page on kept connections; with `anew`, on a connection of its own for each request.
 */
export function steadyLoad(port: number, clients: number, connections: 'kept' | 'anew' = 'kept'): SteadyLoad {
  const state = { going: true }
  let answers = 0
  const failed: string[] = []
  const one = async (): Promise<void> => {
    let client: RawClient | undefined
    while (state.going) {
      try {
        client ??= await RawClient.connect(port)
        await client.send(request('/page'))
        const answer = await client.response()
        answers++
        if (answer.status !== 200) failed.push(String(answer.status))
        if (connections === 'kept' && answer.field('connection') !== 'close') continue
      } catch (error) {
        failed.push(String(error))
      }
      client?.destroy()
      client = undefined
    }
    client?.destroy()
  }
  const all = Array.from({ length: clients }, one)
  return {
    get answers() {
      return answers
    },
    stop: () => ((state.going = false), Promise.all(all).then(() => failed)),
  }
}
