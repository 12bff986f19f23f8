// What a trial is, and what it finds.
import type { Bar } from '../../bench/comparison.ts'
import type { Failure, Judge } from './load/judge.ts'
import type { Protocol } from './load/mixed-load.ts'

/** How trials are run. */
export interface Bench {
  /** How many processes serve; undefined: as many as the trial is about. */
  readonly processes: number | undefined
  /** What the visitors of a mixed load speak. */
  readonly protocols: readonly Protocol[]
  /** Connections of a mixed load. */
  readonly connections: number
  /** Whether the server and the load have a core each. */
  readonly pinned: boolean
  /** Prints a line while a trial runs. */
  progress(line: string): void
}

/** Something that the edge has to bear. */
export interface Trial {
  readonly name: string
  readonly sentence: string
  /** How often it is done. */
  readonly times: number
  run(bench: Bench, times: number): Promise<Outcome>
}

/** A figure, with the bar that judges it. */
export interface Finding {
  readonly subject: string
  readonly unit: string
  readonly value: number
  readonly bar?: Bar
}

/** What a trial has found. */
export interface Outcome {
  readonly findings: readonly Finding[]
  /** What went wrong, the first of it. */
  readonly failures: readonly string[]
}

const failuresShown = 50

/** Whether a figure meets its bar; undefined: it has none. */
export function meetsBar({ value, bar }: Finding): boolean | undefined {
  if (bar === undefined) return undefined
  return bar.is === 'at least' ? value >= bar.value : value <= bar.value
}

/** What a mixed load has found: no request may have failed, and there must have been some. */
export function outcomeOfLoad(
  judge: Judge,
  startMs: number,
  failures: readonly Failure[] = judge.failures,
): Outcome {
  const kinds = [...judge.answered].map(([visitor, count]) => ({
    subject: `answered: ${visitor}`,
    unit: 'requests',
    value: count,
  }))
  const failing = Map.groupBy(failures, ({ visitor }) => visitor)
  const failed = [...failing].map(([visitor, all]) => ({
    subject: `failed: ${visitor}`,
    unit: 'requests',
    value: all.length,
  }))
  return {
    findings: [
      { subject: 'failed', unit: 'requests', value: failures.length, bar: { is: 'at most', value: 0 } },
      {
        subject: 'answered in all',
        unit: 'requests',
        value: judge.answeredInAll,
        bar: { is: 'at least', value: 1 },
      },
      ...failed,
      ...kinds,
      { subject: 'told to be sent again, which is no failure', unit: 'requests', value: judge.repeated },
    ],
    failures: failures.slice(0, failuresShown).map((failure) => failureText(failure, startMs)),
  }
}

/** One failure, with its times since the load began. */
export function failureText(
  { visitor, what, cause, sentMs, failedMs, connection }: Failure,
  startMs: number,
): string {
  const at = (ms: number): string => `${((ms - startMs) / 1000).toFixed(3)} s`
  const on = connection ? `port ${connection.port}, asked for at ${at(connection.beganMs)}` : 'no connection'
  return `${visitor}: ${what}: ${cause}; sent at ${at(sentMs)}, failed at ${at(failedMs)}; ${on}`
}
