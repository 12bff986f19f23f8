// A score as a person reads it: the counts against their bars, then each lost test with what is known of it.
import { explanations } from './explanations.ts'
import { bars, type Count, type LostTest, type Score } from './score.ts'

/** The report of one run; `profile` names the settings it ran with. */
export function scoreText(profile: string, score: Score): string {
  const rows: [string, Count, string][] = [
    ['required', score.required, `all ${bars.required}`],
    ['  of them CDN-Cache-Control', score.cdn, `all ${bars.cdn}`],
    ['optimal', score.optimal, `at least ${bars.optimal}`],
    ['checks that observed "yes"', score.checks, 'none'],
  ]
  const lines = [`${profile}:`]
  for (const [name, { passed, total }, bar] of rows)
    lines.push(`  ${name.padEnd(30)} ${String(passed).padStart(3)} of ${total}   (bar: ${bar})`)
  if (score.lost.length > 0) lines.push(`  lost (${score.lost.length}):`)
  for (const test of score.lost) lines.push(...lostLines(test, profile))
  return lines.join('\n')
}

function lostLines(test: LostTest, profile: string): string[] {
  const lines = [
    `  - ${test.kind} ${test.group}/${test.id}: ${test.name}`,
    `      ${test.outcome}: ${test.message}`,
  ]
  const why = profile === 'base' ? undefined : explanations.get(test.id)
  if (why) lines.push(`      why: ${why}`)
  return lines
}
