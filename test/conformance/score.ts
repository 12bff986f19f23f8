// The score of a run, by the suite's own rules.
//
// How the counts arise at the pinned commit: of 370 tests, 5 are for browsers only; the client runs the other 365:
// 160 required (10 of them in the group CDN-Cache-Control), 105 optimal (7 of them there) and 100 checks, which only
// observe. Scores published for caches without CDN-Cache-Control count the other 150 and 98.
//
// A test counts as passed when the suite's `determineTestResult` says `pass`. It does not when the test itself fails,
// when its set-up fails or was retried, and when any test that it depends on did not pass (or, for a check, did not
// observe "yes"): a pass that rests on a failed dependency is no pass.
import type { RawResults, Suite, SuiteTest } from './suite.ts'

/** What must be reached; `required` includes the group `cdn`. */
export const bars = { required: 160, cdn: 10, optimal: 103 } as const

/** The suite's group for RFC 9213. */
const cdnGroup = 'cdn-cache-control'

export interface Count {
  readonly passed: number
  readonly total: number
}

/** A required or optimal test that did not pass. */
export interface LostTest {
  readonly id: string
  readonly kind: 'required' | 'optimal'
  readonly group: string
  readonly name: string
  /** The suite's word: fail, optional_fail, setup_fail, dependency_fail, harness_fail, retry, untested. */
  readonly outcome: string
  /** The client's message; for a failed dependency the ones that did not pass. */
  readonly message: string
}

export interface Score {
  /** All required tests, those of `cdn` among them. */
  readonly required: Count
  readonly cdn: Count
  readonly optimal: Count
  /** `passed` counts the checks that observed "yes": neither good nor bad. */
  readonly checks: Count
  readonly lost: readonly LostTest[]
}

/** Scores raw results. */
export function scoreOf(suite: Suite, results: RawResults): Score {
  const counts = {
    required: { passed: 0, total: 0 },
    cdn: { passed: 0, total: 0 },
    optimal: { passed: 0, total: 0 },
    check: { passed: 0, total: 0 },
  }
  const lost: LostTest[] = []
  for (const group of suite.groups) {
    for (const test of group.tests) {
      if (test.browser_only) continue
      const kind = test.kind ?? 'required'
      const outcome = suite.classify(test.id, results)
      const passed = outcome === 'pass' || outcome === 'yes'
      const into = [counts[kind]]
      if (kind === 'required' && group.id === cdnGroup) into.push(counts.cdn)
      for (const count of into) {
        count.total++
        if (passed) count.passed++
      }
      if (kind === 'check' || passed) continue
      const message = messageOf(suite, test, outcome, results)
      lost.push({ id: test.id, kind, group: group.id, name: test.name, outcome, message })
    }
  }
  return { required: counts.required, cdn: counts.cdn, optimal: counts.optimal, checks: counts.check, lost }
}

/** Whether the score reaches the bars, and the suite was whole. */
export function reachesBars(score: Score): boolean {
  const { required, cdn, optimal } = score
  return (
    required.passed === required.total &&
    required.total >= bars.required &&
    cdn.total >= bars.cdn &&
    optimal.passed >= bars.optimal
  )
}

function messageOf(suite: Suite, test: SuiteTest, outcome: string, results: RawResults): string {
  if (outcome === 'dependency_fail') {
    const failed = (test.depends_on ?? []).filter(
      (id) => !['pass', 'yes'].includes(suite.classify(id, results)),
    )
    return `depends on ${failed.join(', ')}`
  }
  const result = results[test.id]
  return result === undefined || result === true ? '' : `${result[0]}: ${result[1]}`
}
