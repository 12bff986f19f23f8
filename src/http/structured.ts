// Structured field values (RFC 9651): items, lists, dictionaries, inner lists and parameters with all types of bare
// items, parsed (§4.2) and serialised (§4.1). A text that breaks the grammar anywhere is no value at all: the parsers
// return undefined, never a part of it.

export type BareItem =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'decimal'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Seconds since the Unix epoch. */
  | { readonly type: 'date'; readonly value: number }
  | { readonly type: 'display'; readonly value: string }

export type Parameters = ReadonlyMap<string, BareItem>

export interface Item {
  readonly kind: 'item'
  readonly value: BareItem
  readonly parameters: Parameters
}

export interface InnerList {
  readonly kind: 'inner-list'
  readonly items: readonly Item[]
  readonly parameters: Parameters
}

export type Member = Item | InnerList

/** A structured item; undefined when the text is not one. */
export function parseItem(text: string): Item | undefined {
  return parsed(text, (reader) => reader.item())
}

/** A structured list, empty for an empty text; undefined when the text is not one. */
export function parseList(text: string): readonly Member[] | undefined {
  return parsed(text, (reader) => {
    const list: Member[] = []
    if (reader.atEnd()) return list
    do list.push(reader.member())
    while (reader.comma())
    return list
  })
}

/** A structured dictionary, empty for an empty text; undefined when the text is not one. The last of two keys wins. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | undefined {
  return parsed(text, (reader) => {
    const dictionary = new Map<string, Member>()
    if (reader.atEnd()) return dictionary
    do {
      const key = reader.key()
      dictionary.set(
        key,
        reader.take('=')
          ? reader.member()
          : { kind: 'item', value: { type: 'boolean', value: true }, parameters: reader.parameters() },
      )
    } while (reader.comma())
    return dictionary
  })
}

/** Thrown inside the parser only. */
class Malformed extends Error {}

function parsed<T>(text: string, read: (reader: Reader) => T): T | undefined {
  const reader = new Reader(text)
  try {
    reader.skipSpaces()
    const value = read(reader)
    reader.skipSpaces()
    return reader.atEnd() ? value : undefined
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

// Sticky expressions: each is tried at the reader's position alone.
const keyForm = /[a-z*][a-z0-9_\-.*]*/y
const tokenForm = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y
const numberForm = /-?[0-9]+(?:\.[0-9]*)?/y
const stringForm = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const bytesForm = /:([A-Za-z0-9+/=]*):/y
const displayForm = /%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"/y
const optionalWhitespace = /[ \t]*/y

class Reader {
  #at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    return this.#at === this.#text.length
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  skipSpaces(): void {
    while (this.#text[this.#at] === ' ') this.#at++
  }

  /** What stands between members (§4.2.1): false at the end; a comma must be followed by a member. */
  comma(): boolean {
    this.#match(optionalWhitespace)
    if (this.atEnd()) return false
    if (!this.take(',')) throw new Malformed()
    this.#match(optionalWhitespace)
    if (this.atEnd()) throw new Malformed()
    return true
  }

  member(): Member {
    return this.#text[this.#at] === '(' ? this.#innerList() : this.item()
  }

  item(): Item {
    const value = this.#bareItem()
    return { kind: 'item', value, parameters: this.parameters() }
  }

  key(): string {
    return this.#demand(keyForm)[0]!
  }

  parameters(): Parameters {
    if (this.#text[this.#at] !== ';') return noParameters
    const parameters = new Map<string, BareItem>()
    while (this.take(';')) {
      this.skipSpaces()
      const key = this.key()
      parameters.set(key, this.take('=') ? this.#bareItem() : { type: 'boolean', value: true })
    }
    return parameters
  }

  #innerList(): InnerList {
    this.take('(')
    const items: Item[] = []
    for (;;) {
      this.skipSpaces()
      if (this.take(')')) return { kind: 'inner-list', items, parameters: this.parameters() }
      items.push(this.item())
      const next = this.#text[this.#at]
      if (next !== ' ' && next !== ')') throw new Malformed()
    }
  }

  #bareItem(): BareItem {
    const first = this.#text[this.#at] ?? ''
    if (first === '-' || (first >= '0' && first <= '9')) return this.#number()
    if (first === '"')
      return { type: 'string', value: this.#demand(stringForm)[1]!.replaceAll(/\\(.)/g, '$1') }
    if (first === ':') return { type: 'bytes', value: decodeBase64(this.#demand(bytesForm)[1]!) }
    if (first === '?') return this.#boolean()
    if (first === '@') return this.#date()
    if (first === '%') return { type: 'display', value: decodeDisplay(this.#demand(displayForm)[1]!) }
    return { type: 'token', value: this.#demand(tokenForm)[0]! }
  }

  /** §4.2.4: at most 15 digits; a decimal has at most 12 before and 1 to 3 after the point. */
  #number(): BareItem {
    const text = this.#demand(numberForm)[0]!
    const [whole = '', fraction] = text.replace('-', '').split('.')
    // -0 is written 0, and equals it.
    const value = Number(text) || 0
    if (fraction === undefined) {
      if (whole.length > 15) throw new Malformed()
      return { type: 'integer', value }
    }
    if (whole.length > 12 || fraction.length < 1 || fraction.length > 3) throw new Malformed()
    return { type: 'decimal', value }
  }

  #boolean(): BareItem {
    this.take('?')
    if (this.take('1')) return { type: 'boolean', value: true }
    if (this.take('0')) return { type: 'boolean', value: false }
    throw new Malformed()
  }

  #date(): BareItem {
    this.take('@')
    const seconds = this.#number()
    if (seconds.type !== 'integer') throw new Malformed()
    return { type: 'date', value: seconds.value }
  }

  #match(form: RegExp): RegExpExecArray | null {
    form.lastIndex = this.#at
    const match = form.exec(this.#text)
    if (match !== null) this.#at = form.lastIndex
    return match
  }

  #demand(form: RegExp): RegExpExecArray {
    const match = this.#match(form)
    if (match === null) throw new Malformed()
    return match
  }
}

const noParameters: Parameters = new Map()

/** §4.2.7; padding may be missing. */
function decodeBase64(text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, '')
  if (digits.includes('=') || digits.length % 4 === 1) throw new Malformed()
  return new Uint8Array(Buffer.from(digits, 'base64'))
}

/** §4.2.10: percent-encoded UTF-8, which must be valid. */
function decodeDisplay(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Malformed()
  }
}

/** An item as text; undefined when it cannot be expressed (§4.1). */
export function serializeItem(item: Item): string | undefined {
  const value = serializeBare(item.value)
  const parameters = serializeParameters(item.parameters)
  return value === undefined || parameters === undefined ? undefined : value + parameters
}

/** A list as text; undefined when a value cannot be expressed. */
export function serializeList(list: readonly Member[]): string | undefined {
  return joined(list.map(serializeMember), ', ')
}

/** A dictionary as text; undefined when a key or value cannot be expressed. */
export function serializeDictionary(dictionary: ReadonlyMap<string, Member>): string | undefined {
  const members = [...dictionary].map(([key, member]) => {
    if (!isKey(key)) return undefined
    // §4.1.2: true is written as the key alone.
    if (member.kind === 'item' && member.value.type === 'boolean' && member.value.value)
      return prefixed(key, serializeParameters(member.parameters))
    return prefixed(`${key}=`, serializeMember(member))
  })
  return joined(members, ', ')
}

function serializeMember(member: Member): string | undefined {
  if (member.kind === 'item') return serializeItem(member)
  const items = joined(member.items.map(serializeItem), ' ')
  const parameters = serializeParameters(member.parameters)
  return items === undefined || parameters === undefined ? undefined : `(${items})${parameters}`
}

function serializeParameters(parameters: Parameters): string | undefined {
  const texts = [...parameters].map(([key, value]) => {
    if (!isKey(key)) return undefined
    if (value.type === 'boolean' && value.value) return `;${key}`
    return prefixed(`;${key}=`, serializeBare(value))
  })
  return joined(texts, '')
}

function serializeBare(item: BareItem): string | undefined {
  switch (item.type) {
    case 'integer':
      return serializeInteger(item.value)
    case 'decimal':
      return serializeDecimal(item.value)
    case 'string':
      if (!/^[\x20-\x7e]*$/.test(item.value)) return undefined
      return `"${item.value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
    case 'token':
      return isWhole(tokenForm, item.value) ? item.value : undefined
    case 'bytes':
      return `:${Buffer.from(item.value).toString('base64')}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
    case 'date':
      return prefixed('@', serializeInteger(item.value))
    case 'display':
      return serializeDisplay(item.value)
  }
}

const integerMax = 999_999_999_999_999

function serializeInteger(value: number): string | undefined {
  return Number.isInteger(value) && Math.abs(value) <= integerMax ? String(value || 0) : undefined
}

/** §4.1.5: rounded to three digits after the point, half to even. */
function serializeDecimal(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined
  const scaled = value * 1000
  const floor = Math.floor(scaled)
  const half = scaled - floor === 0.5
  const thousandths = half ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(scaled)
  if (Math.abs(thousandths) > integerMax) return undefined
  const text = (thousandths / 1000).toFixed(3).replace(/0{1,2}$/, '')
  return text === '-0.0' ? '0.0' : text
}

/** §4.1.11. */
function serializeDisplay(value: string): string | undefined {
  if (!value.isWellFormed()) return undefined
  let text = ''
  for (const byte of Buffer.from(value, 'utf8')) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x25
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`
  }
  return `%"${text}"`
}

function isKey(text: string): boolean {
  return isWhole(keyForm, text)
}

function isWhole(form: RegExp, text: string): boolean {
  form.lastIndex = 0
  return form.test(text) && form.lastIndex === text.length
}

function prefixed(prefix: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : prefix + text
}

function joined(texts: readonly (string | undefined)[], separator: string): string | undefined {
  return texts.includes(undefined) ? undefined : texts.join(separator)
}
