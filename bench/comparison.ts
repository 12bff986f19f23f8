// What a comparison is, and what comes out of it: rows that are shown, judged against their bar and stored as JSON.
import { spread, type Spread } from './statistics.ts'

/** One measured comparison; `bench/main.ts` lists them all. */
export interface Comparison {
  readonly name: string
  /** What it measures, in one sentence. */
  readonly sentence: string
  run(bench: Bench): Promise<readonly Row[]>
}

/** What a comparison is given. */
export interface Bench {
  /** Alternating pairs of runs: peer, ours, peer, ours … */
  readonly pairs: number
  /** Length of one measured run. */
  readonly seconds: number
  /** Length of the run before the first measured one. */
  readonly warmupSeconds: number
  /** Prints a line while the comparison runs. */
  progress(line: string): void
}

/** What a value must be: no less, or no more, than `value`. */
export interface Bar {
  readonly is: 'at least' | 'at most'
  readonly value: number
}

/** The figures of one run, by name. */
export type Figures = Readonly<Record<string, number>>

/** Two runs, one right after the other. */
export interface Pair {
  readonly theirs: Figures
  readonly ours: Figures
  /** Ours divided by theirs. */
  readonly ratio: number
}

/** Ours divided by a peer's, in several pairs of runs; the median of the ratios is judged. */
export interface RatioRow {
  readonly kind: 'ratio'
  readonly subject: string
  readonly against: string
  /** The figure that counts, one of the names in `Figures`. */
  readonly figure: string
  /** The figure that is shown beside it. */
  readonly beside?: string
  readonly unit: string
  readonly ratio: Spread
  readonly pairs: readonly Pair[]
  readonly bar?: Bar
}

/** A figure of our own, with the peers' for orientation; the worst run is judged. */
export interface FigureRow {
  readonly kind: 'figure'
  readonly subject: string
  readonly unit: string
  readonly ours: readonly number[]
  readonly theirs: readonly { readonly name: string; readonly values: readonly number[] }[]
  readonly bar?: Bar
}

/** What was not measured. `skipped`: something is not installed; `failed`: the run was not valid. */
export interface AbsentRow {
  readonly kind: 'skipped' | 'failed'
  readonly subject: string
  readonly against: string
  readonly reason: string
}

export type Row = RatioRow | FigureRow | AbsentRow

/** Pairs of figures as a row. */
export function ratioRow(
  about: Omit<RatioRow, 'kind' | 'ratio' | 'pairs'>,
  runs: readonly Omit<Pair, 'ratio'>[],
): RatioRow {
  const pairs = runs.map(({ theirs, ours }) => ({
    theirs,
    ours,
    ratio: figureOf(ours, about.figure) / figureOf(theirs, about.figure),
  }))
  return { kind: 'ratio', ...about, ratio: spread(pairs.map((pair) => pair.ratio)), pairs }
}

/** The figure of that name; throws when the run has none. */
export function figureOf(figures: Figures, name: string): number {
  const value = figures[name]
  if (value === undefined) throw new Error(`no figure ${name} in ${Object.keys(figures).join(', ')}`)
  return value
}

/** The value of a row that its bar judges. */
export function judged(row: RatioRow | FigureRow): number {
  if (row.kind === 'ratio') return row.ratio.median
  return row.bar?.is === 'at least' ? Math.min(...row.ours) : Math.max(...row.ours)
}

/** Whether a row meets its bar; undefined when it has none. */
export function meetsBar(row: RatioRow | FigureRow): boolean | undefined {
  if (row.bar === undefined) return undefined
  return row.bar.is === 'at least' ? judged(row) >= row.bar.value : judged(row) <= row.bar.value
}
