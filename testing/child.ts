// Child processes of tests: started on loopback, waited for by what they do, ended by their own process id.
import { connect } from 'node:net'
import { realClock, realTimers } from '../src/base/clock.ts'

/** A child process and all that it printed. */
export interface Child {
  readonly pid: number
  /** Standard output and standard error, as they came. */
  printed(): string
  /** Resolves with the match as soon as what was printed matches; rejects when the child ends before. */
  prints(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGHUP' | 'SIGUSR1'): void
  /** Resolves with the exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** Ends it: SIGTERM, and SIGKILL when it has not ended after `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Starts a program; `env` is added to this process's own, and `descriptors` of this process are its own from the third on.
 */
export function startChild(
  command: readonly string[],
  env: Record<string, string> = {},
  descriptors: readonly number[] = [],
): Child {
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
  })
  // A test run that is broken off leaves nothing behind.
  const endWithUs = () => child.kill('SIGTERM')
  process.once('exit', endWithUs)
  let printed = ''
  let ended = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  const pump = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      printed += decoder.decode(chunk, { stream: true })
      wake()
    }
  }
  const exited = Promise.all([child.exited, pump(child.stdout), pump(child.stderr)]).then(() => {
    ended = true
    process.removeListener('exit', endWithUs)
    wake()
    return child.signalCode === null ? child.exitCode : null
  })
  return {
    pid: child.pid,
    printed: () => printed,
    prints(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(printed)
          if (!match && !ended) return
          waiting.delete(look)
          if (match) resolve(match)
          else reject(new Error(`${command[0]} ended before it printed ${pattern}:\n${printed}`))
        }
        waiting.add(look)
        look()
      })
    },
    signal: (name) => child.kill(name),
    exited,
    async stop(graceMs = 5_000) {
      if (ended) return
      child.kill('SIGTERM')
      const timer = realTimers.after(graceMs, () => child.kill('SIGKILL'))
      await exited
      timer.cancel()
    },
  }
}

/** Waits until something accepts connections on a loopback port; rejects when `child` ends first, or after `waitMs`. */
export async function untilListening(port: number, child: Child, waitMs = 10_000): Promise<void> {
  const untilMs = realClock.monotonicMs() + waitMs
  let gone = false
  void child.exited.then(() => (gone = true))
  for (;;) {
    if (await accepts(port)) return
    if (gone) throw new Error(`the process ended before it listened on ${port}:\n${child.printed()}`)
    if (realClock.monotonicMs() > untilMs)
      throw new Error(`nothing listened on ${port} within ${waitMs} ms:\n${child.printed()}`)
    await new Promise<void>((resolve) => realTimers.after(10, resolve))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
