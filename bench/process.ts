// The servers that are measured: started on a core of their own, weighed as a tree of processes (a server with a
// master and workers counts as a whole), and ended by their ids. Linux only: it reads /proc and uses taskset.
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseStat, parseStatusBytes, treeCpuSeconds, treeOf, type ProcessStat } from './procfs.ts'
import { pause, until } from './wait.ts'

/** The core that belongs to the server under measurement; load and origin share the other. */
export const serverCore = 0
export const loadCore = 1

const running = new Set<StartedProcess>()
process.on('exit', () => {
  for (const left of running) left.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** A process that was started here, with all its descendants. Disposing of it ends it. */
export class StartedProcess implements AsyncDisposable {
  readonly #process: Bun.Subprocess

  private constructor(started: Bun.Subprocess) {
    this.#process = started
    running.add(this)
  }

  /** Starts a command on one core; what it prints goes to the file `logPath`. */
  static start(command: readonly string[], core: number, logPath: string): StartedProcess {
    const log = openSync(logPath, 'a')
    try {
      const pinned = ['taskset', '-c', String(core), ...command]
      return new StartedProcess(Bun.spawn(pinned, { stdin: 'ignore', stdout: log, stderr: log }))
    } finally {
      closeSync(log)
    }
  }

  get pid(): number {
    return this.#process.pid
  }

  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** CPU seconds used so far by the whole tree. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.#process.pid)
  }

  /** Resident memory of the tree now. Pages that its processes share are counted in each of them. */
  rssBytes(): number {
    return this.#memory('VmRSS')
  }

  /** The most resident memory since the last `forgetPeak`, summed over the tree's processes. */
  peakRssBytes(): number {
    return this.#memory('VmHWM')
  }

  /** Lets the kernel count the peak anew: writing 5 to clear_refs resets VmHWM (proc(5)). */
  forgetPeak(): void {
    for (const { pid } of this.#tree()) writeFileSync(`/proc/${pid}/clear_refs`, '5')
  }

  kill(signal: NodeJS.Signals): void {
    const tree = this.ended ? [] : this.#tree()
    this.#process.kill(signal)
    if (signal !== 'SIGKILL') return
    for (const { pid } of tree) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended in between: that is what was wanted.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGTERM')
    await Promise.race([this.#process.exited, pause(3000)])
    if (!this.ended) this.kill('SIGKILL')
    await this.#process.exited
    running.delete(this)
  }

  #tree(): ProcessStat[] {
    return treeOf(this.#process.pid, allProcesses())
  }

  #memory(line: 'VmRSS' | 'VmHWM'): number {
    return this.#tree().reduce((sum, { pid }) => sum + parseStatusBytes(read(`/proc/${pid}/status`), line), 0)
  }
}

function allProcesses(): ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .map((pid) => read(`/proc/${pid}/stat`))
    .filter((text) => text !== '')
    .map(parseStat)
}

/** A file of /proc; empty when its process ended between the listing and now. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** CPU seconds used so far by a process and all its descendants. */
export function cpuSecondsOf(pid: number): number {
  return treeCpuSeconds(pid, allProcesses())
}

/** Moves a process that was started elsewhere, with its descendants and all their threads, to the server's core. */
export function moveToServerCore(pid: number): void {
  for (const each of treeOf(pid, allProcesses()))
    Bun.spawnSync(['taskset', '-a', '-c', '-p', String(serverCore), String(each.pid)])
}

/** Moves this process, with all its threads, to the core that generates load. */
export function moveToLoadCore(): void {
  Bun.spawnSync(['taskset', '-a', '-c', '-p', String(loadCore), String(process.pid)])
}

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

/** Resolves when `url` answers with 200; throws when the process ends before, or after `limitMs`. */
export async function untilAnswers(
  url: string,
  server: StartedProcess,
  limitMs: number,
  everyMs = 10,
): Promise<void> {
  const answers = async (): Promise<boolean> => {
    if (server.ended) throw new Error(`the process that should answer ${url} has ended`)
    try {
      const options = { signal: AbortSignal.timeout(limitMs), tls: { rejectUnauthorized: false } }
      const response = await fetch(url, options)
      await response.arrayBuffer()
      return response.status === 200
    } catch {
      // Nobody listens yet.
      return false
    }
  }
  await until(url, answers, limitMs, everyMs)
}
