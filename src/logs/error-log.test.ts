import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../testing/fake-clock.ts'
import { ErrorLog, type Level } from './error-log.ts'

function setUp(level: Level = 'notice') {
  const clock = new FakeClock(Date.UTC(2026, 10, 28, 4, 7, 40))
  const lines: string[] = []
  const log = new ErrorLog({ clock, timers: clock, level, repeats: 2, write: (text) => lines.push(text) })
  return { clock, lines, log }
}

test('a message has its time and its level', () => {
  const { lines, log } = setUp()
  log.tell('warning', 'something')
  expect(lines).toEqual(['2026-11-28T04:07:40.000Z warning: something\n'])
})

test('what is of less weight is left out', () => {
  const { lines, log } = setUp('warning')
  log.tell('notice', 'one')
  log.tell('warning', 'two')
  log.tell('error', 'three')
  expect(lines).toHaveLength(2)
})

test('one message is written a few times a minute, and then counted', () => {
  const { clock, lines, log } = setUp()
  for (let i = 0; i < 5; i++) log.tell('error', `request ${i} of a${i}f failed`)
  log.tell('error', 'another')
  expect(lines).toHaveLength(3)
  clock.advance(60_000)
  expect(lines.slice(3)).toEqual([
    '2026-11-28T04:08:40.000Z error: 3 times more within a minute: request 0 of a0f failed\n',
  ])
  log.tell('error', 'request 9 of a9f failed')
  expect(lines).toHaveLength(5)
})

test('what was counted is told at the end', () => {
  const { lines, log } = setUp()
  for (let i = 0; i < 3; i++) log.tell('error', 'again')
  log.close()
  expect(lines.at(-1)).toEndWith('1 times more within a minute: again\n')
})

test('no text makes a line that looks like another message', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { lines, log } = setUp()
      log.tell('error', `x\n2026-11-28T04:07:40.000Z error: forged\r\n${text}`)
      const [first, ...rest] = lines.join('').split('\n')
      expect(first).toStartWith('2026-11-28T04:07:40.000Z error: x')
      expect(rest.pop()).toBe('')
      for (const line of rest) expect(line).toStartWith('    ')
      // oxlint-disable-next-line no-control-regex
      expect(lines.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
    }),
  )
})
