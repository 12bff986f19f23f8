// ISO weeks at the turn of the year, where counting goes wrong.
import { expect, test } from 'bun:test'
import { addWeeks, dateOf, formatWeek, parseWeek, weekOf } from './week.ts'

const weekOfDay = (iso: string): string => formatWeek(weekOf(new Date(`${iso}T00:00:00Z`)))

test('a week belongs to the year that has its Thursday', () => {
  expect(weekOfDay('2026-01-01')).toBe('2026-W01')
  expect(weekOfDay('2027-01-03')).toBe('2026-W53')
  expect(weekOfDay('2027-01-04')).toBe('2027-W01')
  expect(weekOfDay('2024-12-30')).toBe('2025-W01')
})

test('every day of fifty years maps to a week that holds it', () => {
  for (let ms = Date.UTC(2000, 0, 3); ms < Date.UTC(2050, 0, 1); ms += 86_400_000) {
    const week = weekOf(new Date(ms))
    const offsetDays = (ms - dateOf(week).getTime()) / 86_400_000
    expect(offsetDays >= 0 && offsetDays < 7).toBe(true)
    expect(parseWeek(formatWeek(week))).toEqual(week)
  }
})

test('adding weeks crosses a year of 53 weeks', () => {
  expect(formatWeek(addWeeks({ year: 2026, number: 53 }, 1))).toBe('2027-W01')
  expect(formatWeek(addWeeks({ year: 2027, number: 1 }, -1))).toBe('2026-W53')
})

test('only weeks that exist are read', () => {
  for (const text of ['2025-W53', '2026-W00', '2026-W54', '2026-48', '2026-W8', '1999-W10', '']) {
    expect(parseWeek(text)).toBeUndefined()
  }
})
