// Header and trailer fields (RFC 9110 §5): an ordered list of lines. Names are compared without case and go out as
// their sender spelled them; the order of lines with the same name is kept (§5.3).
//
// Flat arrays instead of objects: a request has about ten lines, and a scan over ten interned strings is faster than
// any map.

const LOWER_MAX = 1024
const lower = new Map<string, string>()

/** Few names are added by hand, again and again. */
function lowerCased(name: string): string {
  const known = lower.get(name)
  if (known !== undefined) return known
  const key = name.toLowerCase()
  if (lower.size < LOWER_MAX) lower.set(name, key)
  return key
}

/** Field lines in order. `keys[i]` is the lower-cased `names[i]`. */
export class Fields {
  readonly keys: string[] = []
  readonly names: string[] = []
  readonly values: string[] = []
  /**
   * The lines in HTTP/1.1 form, each with its line end, where they came so and are unchanged but for additions: a head
   * that is passed on is then not put together line by line. Undefined: to be made from the lines.
   */
  text: string | undefined

  /** Fields from [name, value] pairs. */
  static of(lines: Iterable<readonly [string, string]>): Fields {
    const fields = new Fields()
    for (const [name, value] of lines) fields.append(name, value)
    return fields
  }

  get length(): number {
    return this.keys.length
  }

  /** Adds a line at the end. */
  append(name: string, value: string): void {
    this.keys.push(lowerCased(name))
    this.names.push(name)
    this.values.push(value)
    if (this.text !== undefined) this.text += `${name}: ${value}\r\n`
  }

  has(key: string): boolean {
    return this.keys.includes(key)
  }

  /** The value of the first line named `key` (lower case). */
  first(key: string): string | undefined {
    const at = this.keys.indexOf(key)
    return at < 0 ? undefined : this.values[at]
  }

  /** All lines named `key` (lower case) joined with ', ' (RFC 9110 §5.2); undefined when there is none. */
  get(key: string): string | undefined {
    let joined: string | undefined
    for (let i = 0; i < this.keys.length; i++) {
      if (this.keys[i] !== key) continue
      joined = joined === undefined ? this.values[i] : `${joined}, ${this.values[i]}`
    }
    return joined
  }

  /** The values of all lines named `key` (lower case). */
  all(key: string): string[] {
    return this.values.filter((_, i) => this.keys[i] === key)
  }

  /** Replaces all lines of that name by one, in the place of the first. */
  set(name: string, value: string): void {
    const key = name.toLowerCase()
    const at = this.keys.indexOf(key)
    if (at < 0) return this.append(name, value)
    this.text = undefined
    this.names[at] = name
    this.values[at] = value
    for (let i = this.keys.length - 1; i > at; i--) if (this.keys[i] === key) this.removeAt(i)
  }

  /** Removes all lines named `key` (lower case). */
  delete(key: string): void {
    for (let i = this.keys.length - 1; i >= 0; i--) if (this.keys[i] === key) this.removeAt(i)
  }

  clone(): Fields {
    const copy = new Fields()
    copy.keys.push(...this.keys)
    copy.names.push(...this.names)
    copy.values.push(...this.values)
    copy.text = this.text
    return copy
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.keys.length; i++) yield [this.names[i]!, this.values[i]!]
  }

  /** Removes the line at a position; those after it move up. */
  removeAt(i: number): void {
    this.text = undefined
    this.keys.splice(i, 1)
    this.names.splice(i, 1)
    this.values.splice(i, 1)
  }
}
