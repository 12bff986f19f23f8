// Field blocks: the examples of RFC 7541, what peers of every habit write, and what is none.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FieldBlockWriter, numberOctets, type Habit, type Line } from '../../testing/field-block.ts'
import { fieldBit, fieldNumber } from '../http/known-fields.ts'
import { FieldBlock } from './field-block.ts'
import { FieldTable } from './field-table.ts'

const kinds = [':method', ':scheme', ':authority', ':path']

/** Reads one block after the other on one connection. */
class Reader {
  readonly table = new FieldTable()
  readonly block = new FieldBlock()

  read(block: string | Buffer, linesMax = 128, bytesMax = 32_768): Line[] | undefined {
    const octets = typeof block === 'string' ? Buffer.from(block.replaceAll(' ', ''), 'hex') : block
    // What is behind it is not its own.
    const lent = Buffer.concat([octets, Buffer.alloc(8, 0x82)])
    if (!this.block.read(this.table, lent, 0, octets.length, linesMax, bytesMax)) return undefined
    const pseudo = kinds
      .filter((_, kind) => (this.block.pseudo & (1 << kind)) !== 0)
      .map((name): Line => [name, this.block.pseudoText(kinds.indexOf(name))])
    lent.fill(0)
    return [...pseudo, ...this.block.fields()]
  }

  get problem(): string | undefined {
    return this.block.problem
  }
}

const get = (authority = true): Line[] => [
  [':method', 'GET'],
  [':scheme', 'http'],
  ...(authority ? ([[':authority', 'www.example.com']] as const) : []),
  [':path', '/'],
]

describe('the examples of RFC 7541', () => {
  test('a literal with indexing (C.2.1)', () => {
    const reader = new Reader()
    expect(reader.read('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')).toEqual([
      ['custom-key', 'custom-header'],
    ])
    expect([reader.table.length, reader.table.bytes]).toEqual([1, 55])
  })

  test('a literal without indexing (C.2.2), and one that is never indexed (C.2.3)', () => {
    const reader = new Reader()
    expect(reader.read('040c 2f73 616d 706c 652f 7061 7468')).toEqual([[':path', '/sample/path']])
    expect(reader.read('1008 7061 7373 776f 7264 0673 6563 7265 74')).toEqual([['password', 'secret']])
    expect(reader.table.length).toBe(0)
  })

  test('an indexed field (C.2.4)', () => {
    expect(new Reader().read('82')).toEqual([[':method', 'GET']])
  })

  const requests = {
    'without the Huffman code (C.3)': [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    'with the Huffman code (C.4)': [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  }
  for (const [name, blocks] of Object.entries(requests)) {
    test(`requests ${name}`, () => {
      const reader = new Reader()
      expect(reader.read(blocks[0]!)).toEqual(get())
      expect(reader.table.bytes).toBe(57)
      expect(reader.read(blocks[1]!)).toEqual([...get(), ['cache-control', 'no-cache']])
      expect(reader.table.bytes).toBe(110)
      expect(reader.read(blocks[2]!)).toEqual([
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', 'www.example.com'],
        [':path', '/index.html'],
        ['custom-key', 'custom-value'],
      ])
      expect([reader.table.length, reader.table.bytes]).toEqual([3, 164])
    })
  }

  test('responses in a small table, whose oldest entries leave (C.5 and C.6)', () => {
    for (const blocks of [
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ]) {
      const reader = new Reader()
      reader.table.resize(256)
      const sizes = blocks.map((block) => {
        // `:status` is no field of a request.
        expect(reader.read(block)).toBeDefined()
        expect(reader.problem).toBeDefined()
        return [reader.table.length, reader.table.bytes]
      })
      expect(sizes).toEqual([
        [4, 222],
        [4, 222],
        [3, 215],
      ])
      expect(reader.table.at(1)!.text).toBe('foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1')
      expect(reader.table.at(2)!.text).toBe('gzip')
      expect(reader.table.at(4)).toBeUndefined()
    }
  })
})

const fieldName = fc.constantFrom(
  'x',
  'accept',
  'user-agent',
  'cookie',
  'x-long-name-of-a-field',
  'range',
  'te',
)
const value = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((c) => String.fromCharCode(c)),
  maxLength: 300,
})
const line = fc.tuple(fieldName, value)
const habit: fc.Arbitrary<Habit> = fc.record({
  huffman: fc.boolean(),
  indexing: fc.constantFrom('kept', 'not', 'never'),
  tables: fc.boolean(),
})

/** Cookies on one line, where the first stood (RFC 9113 §8.2.3). */
function withOneCookie(lines: readonly Line[]): Line[] {
  const cookies = lines.filter(([key]) => key === 'cookie').map(([, text]) => text)
  const first = lines.findIndex(([key]) => key === 'cookie')
  return lines.flatMap((each, i): Line[] => {
    if (each[0] !== 'cookie') return [each]
    return i === first ? [['cookie', cookies.join('; ')]] : []
  })
}

test('what any peer writes is read as it was meant, block after block', () => {
  const block = fc.tuple(fc.array(fc.tuple(line, habit), { maxLength: 12 }), fc.option(fc.nat(4096)))
  fc.assert(
    fc.property(fc.array(block, { maxLength: 8 }), (blocks) => {
      const writer = new FieldBlockWriter()
      const reader = new Reader()
      for (const [lines, size] of blocks) {
        const octets = [
          ...(size === null ? [] : [writer.resize(size)]),
          ...lines.map(([each, how]) => writer.line(each, how)),
        ]
        expect(reader.read(Buffer.concat(octets))).toEqual(withOneCookie(lines.map(([each]) => each)))
        expect(reader.problem).toBeUndefined()
      }
    }),
  )
})

test('the lines in HTTP/1.1 form say the same', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, habit), { maxLength: 12 }), (lines) => {
      const writer = new FieldBlockWriter()
      const reader = new Reader()
      const all = reader.read(Buffer.concat(lines.map(([each, how]) => writer.line(each, how))))!
      const into = Buffer.alloc(20_000)
      const end = reader.block.copyEndToEnd(into, 3, fieldBit.range, [])
      const kept = all.filter(([key]) => key !== 'te' && key !== 'range')
      expect(into.latin1Slice(3, end)).toBe(kept.map(([key, text]) => `${key}: ${text}\r\n`).join(''))
      expect(reader.block.copyEndToEnd(Buffer.alloc(2), 0, 0, [])).toBe(-1)
    }),
  )
})

test('a block that is read whole is read the same wherever it lies, and in parts not at all', () => {
  const writer = new FieldBlockWriter()
  const octets = Buffer.concat(
    (['kept', 'not', 'never'] as const).map((indexing) =>
      writer.line(['x-name', 'a value'], { huffman: true, indexing, tables: false }),
    ),
  )
  const whole = new Reader().read(octets)
  expect(whole).toHaveLength(3)
  for (let end = 1; end < octets.length; end++) {
    const part = new Reader().read(octets.subarray(0, end))
    // It ends behind a line, or it is none.
    if (part !== undefined) expect(part).toEqual(whole!.slice(0, part.length))
  }
})

test('any octets are read or refused', () => {
  const reader = new Reader()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      reader.read(Buffer.from(octets))
      expect(reader.table.bytes).toBeLessThanOrEqual(4096)
    }),
    { numRuns: 2000 },
  )
})

describe('what cannot be read (RFC 7541)', () => {
  const broken: Readonly<Record<string, string>> = {
    'index 0 (§6.1)': '80',
    'an index beyond the tables (§2.3.3)': 'be',
    'a name beyond the tables': '7f0161',
    'a value that is missing': '04',
    'a value that is cut': '0405 6162',
    'a name that is cut': '4005 6162',
    'a number that does not end': '82ff ffff ff',
    'a number that is too large (§5.1)': 'ffff ffff ffff 7f',
    'a text that is longer than everything': '047f ffff ff7f',
    'a size behind a field (§4.2)': '8220',
    'a size that was not granted (§6.3)': '3fe2 1f',
    'a coded text that is none (§5.2)': '0482 ffff',
  }
  for (const [name, hex] of Object.entries(broken)) {
    test(name, () => expect(new Reader().read(hex)).toBeUndefined())
  }

  test('sizes before all fields are right, more than one too', () => {
    expect(new Reader().read('203f e11f 82')).toEqual([[':method', 'GET']])
  })
})

describe('what is malformed (RFC 9113 §8.2)', () => {
  const plain: Habit = { huffman: false, indexing: 'not', tables: false }
  const wrong: Readonly<Record<string, readonly Line[]>> = {
    'a name in upper case': [['X', 'a']],
    'a name in upper case in part': [['x-A', 'a']],
    'no name': [['', 'a']],
    'a name with a space': [['x y', 'a']],
    'a name with a colon': [['x:', 'a']],
    'a colon alone': [[':', 'a']],
    'a pseudo-field that is none': [[':proto', 'a']],
    'a pseudo-field of responses': [[':status', '200']],
    'a pseudo-field in upper case': [[':Path', '/']],
    'a value with a line end': [['x', 'a\r\nb']],
    'a value with NUL': [['x', 'a\0']],
    'a value that begins with a space': [['x', ' a']],
    'a value that ends with a tab': [['x', 'a\t']],
    'a path with NUL': [[':path', '/\0']],
    'a pseudo-field behind a field': [
      ['x', 'a'],
      [':path', '/'],
    ],
    'a pseudo-field twice': [
      [':path', '/'],
      [':path', '/'],
    ],
  }
  for (const [what, lines] of Object.entries(wrong)) {
    for (const indexing of ['not', 'kept'] as const) {
      test(`${what}, ${indexing}`, () => {
        const reader = new Reader()
        const writer = new FieldBlockWriter()
        const octets = Buffer.concat(lines.map((each) => writer.line(each, { ...plain, indexing })))
        expect(reader.read(octets)).toBeDefined()
        expect(reader.problem).toBeDefined()
        if (indexing === 'not') return
        // It has been remembered all the same, and is not better the second time.
        expect(reader.table.length).toBe(lines.length)
        expect(reader.table.bytes).toBe(
          lines.reduce((sum, [key, text]) => sum + key.length + text.length + 32, 0),
        )
        const again = Buffer.from(lines.map((_, i) => 0x80 | (61 + lines.length - i)))
        expect(reader.read(again)).toBeDefined()
        expect(reader.problem).toBeDefined()
        // And the next block is what it is.
        expect(reader.read('82')).toEqual([[':method', 'GET']])
        expect(reader.problem).toBeUndefined()
      })
    }
  }

  test('a right value for the name of an entry with a wrong one is right', () => {
    const reader = new Reader()
    reader.read(new FieldBlockWriter().line(['x', 'a\0'], { ...plain, indexing: 'kept' }))
    expect(reader.read(Buffer.concat([numberOctets(62, 4), Buffer.from('\x01b')]))).toEqual([['x', 'b']])
    expect(reader.problem).toBeUndefined()
  })
})

describe('limits', () => {
  test('lines beyond the limits are left out, and the table is kept up', () => {
    const kept: Habit = { huffman: false, indexing: 'kept', tables: false }
    for (const [linesMax, bytesMax, beyond] of [
      [3, 10_000, 'lines'],
      [100, 3 * (2 + 1 + 4), 'bytes'],
    ] as const) {
      const reader = new Reader()
      const writer = new FieldBlockWriter()
      const octets = Buffer.concat([1, 2, 3, 4, 5].map((i) => writer.line([`x${i}`, 'a'], kept)))
      expect(reader.read(octets, linesMax, bytesMax)).toHaveLength(3)
      expect(reader.block.beyond).toBe(beyond)
      expect(reader.table.length).toBe(5)
      expect(reader.read('be')).toEqual([['x5', 'a']])
      expect(reader.block.beyond).toBeUndefined()
    }
  })

  test('an entry that is said a thousand times takes no memory', () => {
    const reader = new Reader()
    reader.read(
      new FieldBlockWriter().line(['x', 'a'.repeat(4000)], {
        huffman: false,
        indexing: 'kept',
        tables: false,
      }),
    )
    const before = reader.block.octets.length
    expect(reader.read(Buffer.alloc(16_384, 0xbe))).toHaveLength(8)
    expect(reader.block.beyond).toBe('bytes')
    expect(reader.block.octets.length).toBe(before)
  })

  test('an entry that is larger than the table empties it (RFC 7541 §4.4)', () => {
    const reader = new Reader()
    const writer = new FieldBlockWriter()
    const kept: Habit = { huffman: false, indexing: 'kept', tables: false }
    reader.read(writer.line(['x', 'a'], kept))
    expect(reader.read(writer.line(['y', 'b'.repeat(5000)], kept))).toEqual([['y', 'b'.repeat(5000)]])
    expect([reader.table.length, reader.table.bytes]).toEqual([0, 0])
  })
})

test('known fields are found by number, lines joined', () => {
  const reader = new Reader()
  const writer = new FieldBlockWriter()
  const lines: Line[] = [
    ['x', '1'],
    ['cookie', 'a=1'],
    ['via', 'one'],
    ['cookie', 'b=2'],
    ['via', 'two'],
  ]
  reader.read(
    Buffer.concat(
      lines.map((each, i) =>
        writer.line(each, { huffman: false, indexing: i % 2 === 0 ? 'kept' : 'not', tables: true }),
      ),
    ),
  )
  const { block } = reader
  expect(block.present).toBe(fieldBit.cookie | fieldBit.via)
  expect(block.repeated).toBe(fieldBit.cookie | fieldBit.via)
  expect(block.get(fieldNumber.via)).toBe('one, two')
  expect(block.get(fieldNumber.cookie)).toBe('a=1; b=2')
  expect(block.get(fieldNumber.range)).toBeUndefined()
  expect([block.text('cookie'), block.text('x'), block.text('y')]).toEqual(['a=1; b=2', '1', undefined])
})
