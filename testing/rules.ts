// Page rules as an owner writes them, compiled, for tests of what becomes of them.
import { Report } from '../src/config/problem.ts'
import { readRules } from '../src/config/read-rule.ts'
import type { Rule } from '../src/cube/y/rule.ts'
import { RuleTable } from '../src/cube/y/rule-table.ts'

/** The rules that are right; the others are left out. Files are there, and hold their path. */
export function rulesOf(written: unknown): readonly Rule[] {
  return readRules(
    { value: written, path: 'rules', report: new Report() },
    { folder: '/site', fileExists: () => true, readFile: (path) => Buffer.from(path), nowMs: () => 0 },
  )
}

/** The same as a table, for no routes. */
export function resolvedRules(written: unknown): RuleTable {
  return new RuleTable(rulesOf(written), [])
}
