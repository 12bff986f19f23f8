// Opens the logs that a configuration asks for, wired with their files.
import type { Clock, Timers } from '../base/clock.ts'
import { AccessLog, type AccessLogSettings } from './access-log.ts'
import { ErrorLog, type Level, type Tell } from './error-log.ts'
import { LineBuffer } from './line-buffer.ts'
import { LogFile, type LogDestination } from './log-file.ts'
import { LogWriter } from './log-writer.ts'
import type { LogSettings, LogTarget } from './settings.ts'
import { StandardOutput } from './standard-output.ts'

/** Error messages that wait for the disk. */
const ERROR_BUFFER_BYTES = 256 << 10
const ERROR_FLUSH_MS = 200
/** What is left is written for so long when the process ends. */
const CLOSE_MS = 2_000

/** The section `log` of a configuration, resolved. */
export interface LogConfig {
  readonly access: LogTarget
  readonly error: LogTarget
  readonly level: Level
  readonly lines: AccessLogSettings
  readonly settings: LogSettings
}

/** What logs need of the process around them. */
export interface LogDeps {
  readonly clock: Clock
  readonly timers: Timers
}

/** An open log. */
export interface OpenLog {
  /** Its file has been renamed: what follows goes to a new one. */
  reopen(): void
  /** Writes what is left, for a while. */
  close(): Promise<void>
}

/** Opens the access log; undefined: there is none. `clock` may be read once in a turn, `exact` is the machine's. */
export function openAccessLog(
  { access, lines, settings }: LogConfig,
  { clock, exact, timers, tell }: LogDeps & { readonly exact: Clock; readonly tell: Tell },
): (OpenLog & { readonly log: AccessLog }) | undefined {
  const problem = (text: string): void => tell('error', `access log: ${text}`)
  const destination = destinationOf(access, settings, clock, problem)
  if (destination === undefined) return undefined
  const buffer = new LineBuffer(settings.buffer)
  const writer = new LogWriter({ buffer, destination, timers, flushMs: settings.flushTime, problem })
  const log = new AccessLog({ clock, exact, buffer, settings: lines, added: () => writer.added() })
  return { log, reopen: () => writer.reopen(), close: () => writer.close(CLOSE_MS) }
}

/** An open error log. */
export interface OpenErrorLog extends OpenLog {
  readonly tell: Tell
}

/** Opens the error log. `stderr` takes it where it goes to standard error, and what goes wrong with its file. */
export function openErrorLog(
  { error, level, settings }: LogConfig,
  { clock, timers, stderr }: LogDeps & { readonly stderr: (text: string) => unknown },
): OpenErrorLog {
  const parts = { clock, timers, level, repeats: settings.repeats }
  const problem = (text: string): void => void stderr(`myriad: error log: ${text}\n`)
  const destination = destinationOf(error, settings, clock, problem)
  if (destination === undefined) {
    const log = new ErrorLog({ ...parts, write: (lines) => void stderr(lines) })
    return { tell: log.tell, reopen: () => undefined, close: async () => log.close() }
  }
  const buffer = new LineBuffer(ERROR_BUFFER_BYTES)
  const writer = new LogWriter({ buffer, destination, timers, flushMs: ERROR_FLUSH_MS, problem })
  const write = (lines: string): void => {
    const octets = Buffer.from(lines)
    buffer.add(octets.length, copyInto, octets)
    writer.added()
  }
  const log = new ErrorLog({ ...parts, write })
  return {
    tell: log.tell,
    reopen: () => writer.reopen(),
    async close() {
      log.close()
      await writer.close(CLOSE_MS)
    },
  }
}

function copyInto(octets: Buffer, into: Buffer, at: number): number {
  return at + octets.copy(into, at)
}

function destinationOf(
  target: LogTarget,
  settings: LogSettings,
  clock: Clock,
  problem: (text: string) => void,
): LogDestination | undefined {
  if (target.kind === 'stdout') return new StandardOutput()
  if (target.kind !== 'file') return undefined
  return new LogFile(target.path, { nowMs: () => clock.nowMs(), settings, problem })
}
