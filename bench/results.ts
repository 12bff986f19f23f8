// Results on disk: bench/results/NAME.json, one file per comparison, replaced by each run.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench, Row } from './comparison.ts'
import type { Machine } from './machine.ts'

/** What a run of a comparison leaves behind. */
export interface Result {
  readonly name: string
  readonly sentence: string
  /** When it began, ISO 8601. */
  readonly date: string
  readonly machine: Machine
  /** Program → version. */
  readonly versions: Readonly<Record<string, string>>
  readonly settings: Pick<Bench, 'pairs' | 'seconds' | 'warmupSeconds'>
  readonly rows: readonly Row[]
}

const folder = join(import.meta.dir, 'results')

export async function saveResult(result: Result): Promise<void> {
  await mkdir(folder, { recursive: true })
  await Bun.write(join(folder, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

/** All results on disk, in the order of `names`. */
export async function loadResults(names: readonly string[]): Promise<Result[]> {
  const present = new Set(await readdir(folder).catch(() => []))
  const files = names.map((name) => `${name}.json`).filter((file) => present.has(file))
  return Promise.all(files.map(async (file) => (await Bun.file(join(folder, file)).json()) as Result))
}
