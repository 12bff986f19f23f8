// What a service manager such as systemd is told by the process that it started (sd_notify(3)): lines of NAME=VALUE in
// datagrams to the socket that NOTIFY_SOCKET names, and a sign of life as often as WATCHDOG_USEC asks for.
import type { Timers } from '../base/clock.ts'
import { sendDatagram } from '../net/datagram.ts'
import { libc, pointerTo } from '../net/libc.ts'

const CLOCK_MONOTONIC = 1

/** Tells the service manager that started this process. */
export class ServiceManager {
  private constructor(private readonly socket: string) {}

  /**
   * The one that the environment names, which is removed there: what this process starts, such as php-fpm, would speak in
   * its name. Undefined: there is none, or it is not reached over a unix socket.
   */
  static take(
    env: Record<string, string | undefined>,
    pid: number,
    timers: Timers,
  ): ServiceManager | undefined {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: patience, WATCHDOG_PID: watched } = env
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
    if (socket === undefined || !/^[/@]./.test(socket) || libc() === undefined) return undefined
    const manager = new ServiceManager(socket)
    const patienceMs = watchdogMs(patience, watched, pid)
    if (patienceMs !== undefined)
      // Half of it, as sd_watchdog_enabled(3) recommends.
      timers.every(patienceMs / 2, () => manager.#tell('WATCHDOG=1'))
    return manager
  }

  /** It serves, or serves on. */
  ready(status: string): void {
    this.#tell('READY=1', statusLine(status))
  }

  /** It reads its configuration anew, and is ready when that is over. */
  reloading(): void {
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${monotonicMicroseconds()}`)
  }

  /** How it is, in words. */
  status(status: string): void {
    this.#tell(statusLine(status))
  }

  /** It takes no more requests. */
  stopping(): void {
    this.#tell('STOPPING=1', statusLine('requests in progress are finished'))
  }

  #tell(...lines: readonly string[]): void {
    try {
      sendDatagram(this.socket, Buffer.from(lines.join('\n')))
    } catch {
      // It is gone, or does not read: the site is served all the same.
    }
  }
}

/** How long the service manager waits for a sign of life; undefined: it does not ask this process for one. */
export function watchdogMs(
  patience: string | undefined,
  watched: string | undefined,
  pid: number,
): number | undefined {
  if (patience === undefined || !/^[1-9]\d{0,14}$/.test(patience)) return undefined
  if (watched !== undefined && watched !== String(pid)) return undefined
  return Number(patience) / 1000
}

/** A line feed would begin another assignment. */
const statusLine = (text: string): string => `STATUS=${text.replaceAll('\n', '; ')}`

/** The time of CLOCK_MONOTONIC, as the service manager reads it too; the runtime's clocks begin with the process. */
function monotonicMicroseconds(): bigint {
  const time = new BigInt64Array(new ArrayBuffer(16))
  libc()!.clock_gettime(CLOCK_MONOTONIC, pointerTo(time))
  return time[0]! * 1_000_000n + time[1]! / 1000n
}
