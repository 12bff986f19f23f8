// Field lines: without case, in order, and none lost.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Fields } from './fields.ts'

const made = (): Fields =>
  Fields.of([
    ['A', '1'],
    ['b', '2'],
    ['a', '3'],
    ['C', '4'],
    ['A', '5'],
  ])

describe('fields', () => {
  test('are found by name in lower case', () => {
    const fields = made()
    expect([fields.get('a'), fields.first('a'), fields.all('a')]).toEqual(['1, 3, 5', '1', ['1', '3', '5']])
    expect([fields.get('d'), fields.first('d'), fields.all('d')]).toEqual([undefined, undefined, []])
    expect([fields.has('b'), fields.has('d'), fields.length]).toEqual([true, false, 5])
  })

  test('one line takes the place of the first', () => {
    const fields = made()
    fields.set('a', 'x')
    fields.set('D', 'y')
    expect([...fields]).toEqual([
      ['a', 'x'],
      ['b', '2'],
      ['C', '4'],
      ['D', 'y'],
    ])
  })

  test('all lines of a name are removed', () => {
    const fields = made()
    fields.delete('a')
    fields.delete('d')
    expect([...fields]).toEqual([
      ['b', '2'],
      ['C', '4'],
    ])
  })

  test('a copy is a copy', () => {
    const fields = made()
    const copy = fields.clone()
    copy.delete('a')
    copy.append('E', '6')
    expect([...fields]).toEqual([...made()])
  })

  test('an empty value is a line', () => {
    const fields = Fields.of([['A', '']])
    expect([fields.get('a'), fields.has('a')]).toEqual(['', true])
  })

  test('property: as a list of pairs would have it', () => {
    const name = fc.constantFrom('A', 'a', 'B', 'b', 'C')
    const step = fc.tuple(fc.constantFrom('append', 'set', 'delete'), name, fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const fields = new Fields()
        let pairs: [string, string][] = []
        for (const [kind, spelled, value] of steps) {
          const same = (pair: [string, string]): boolean => pair[0].toLowerCase() === spelled.toLowerCase()
          const at = pairs.findIndex(same)
          if (kind === 'delete') {
            fields.delete(spelled.toLowerCase())
            pairs = pairs.filter((pair) => !same(pair))
          } else if (kind === 'append' || at < 0) {
            if (kind === 'append') fields.append(spelled, value)
            else fields.set(spelled, value)
            pairs.push([spelled, value])
          } else {
            fields.set(spelled, value)
            pairs = pairs.filter((pair, i) => i === at || !same(pair))
            pairs[at] = [spelled, value]
          }
          expect([...fields]).toEqual(pairs)
        }
      }),
    )
  })
})
