// What a run of a trial leaves: test/endurance/results/NAME.json, replaced by each run, and a table for the terminal.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../../bench/machine.ts'
import { type Finding, meetsBar, type Outcome } from './trial.ts'

/** A run of a trial. */
export interface Result extends Outcome {
  readonly name: string
  readonly sentence: string
  /** When it began, ISO 8601. */
  readonly date: string
  readonly machine: Machine
  /** Of Myriad, with its commit, and of Bun. */
  readonly versions: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, unknown>>
}

const folder = join(import.meta.dir, 'results')

/** Keeps a result on the disk. */
export async function saveResult(result: Result): Promise<void> {
  await mkdir(folder, { recursive: true })
  await Bun.write(join(folder, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

/** Whether every bar is met; a trial that found nothing has failed. */
export function passes({ findings }: Outcome): boolean {
  return findings.length > 0 && findings.every((finding) => meetsBar(finding) !== false)
}

/** Findings in aligned columns. */
export function tableOf(results: readonly Result[]): string {
  const lines = results.flatMap(({ name, findings, failures }) =>
    findings.length === 0
      ? [[name, failures[0] ?? '', '', '', '', 'failed']]
      : findings.map((finding) => [name, ...cellsOf(finding)]),
  )
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cellsOf(finding: Finding): string[] {
  const { subject, unit, value, bar } = finding
  const shown = Number.isInteger(value) ? value.toLocaleString('en') : value.toPrecision(3)
  const met = meetsBar(finding)
  const verdict = met === undefined ? '' : met ? 'pass' : 'miss'
  return [subject, shown, unit, bar ? `${bar.is} ${bar.value}` : '', verdict]
}
