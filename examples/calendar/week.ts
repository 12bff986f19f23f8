// Weeks as ISO 8601 counts them: Monday first, week 1 is the one with the year's first Thursday, written 2026-W48.
// Pure; all dates are UTC midnights.

const dayMs = 86_400_000

/** A week of a week-based year. */
export interface Week {
  readonly year: number
  readonly number: number
}

/** The week that holds a date. */
export function weekOf(date: Date): Week {
  const midnightMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
  const thursday = new Date(midnightMs + (4 - (date.getUTCDay() || 7)) * dayMs)
  const year = thursday.getUTCFullYear()
  return { year, number: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) }
}

/** Midnight of the week's Monday, or of a later `day` (1 is Monday, 7 is Sunday). */
export function dateOf(week: Week, day = 1): Date {
  const fourthMs = Date.UTC(week.year, 0, 4) // the 4th of January is always in week 1
  const mondayMs = fourthMs - ((new Date(fourthMs).getUTCDay() || 7) - 1) * dayMs
  return new Date(mondayMs + ((week.number - 1) * 7 + day - 1) * dayMs)
}

/** The week `count` weeks later, or earlier when negative. */
export function addWeeks(week: Week, count: number): Week {
  return weekOf(new Date(dateOf(week).getTime() + count * 7 * dayMs))
}

/** `2026-W48`. */
export function formatWeek(week: Week): string {
  return `${week.year}-W${String(week.number).padStart(2, '0')}`
}

/** Reads `2026-W48`; undefined for anything else, and for a week 53 that its year does not have. */
export function parseWeek(text: string): Week | undefined {
  const match = /^(20\d\d)-W([0-5]\d)$/.exec(text)
  if (!match) return undefined
  const week = { year: Number(match[1]), number: Number(match[2]) }
  return formatWeek(weekOf(dateOf(week))) === text ? week : undefined
}
