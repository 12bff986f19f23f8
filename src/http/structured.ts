// Structured field values (RFC 9651).
const todo = (..._: unknown[]): never => {
  throw new Error('not written')
}

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
  return todo(text)
}

/** A structured list; undefined when the text is not one. */
export function parseList(text: string): readonly Member[] | undefined {
  return todo(text)
}

/** A structured dictionary; undefined when the text is not one. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | undefined {
  return todo(text)
}

/** undefined when a value cannot be expressed (§4.1). */
export function serializeItem(item: Item): string | undefined {
  return todo(item)
}

export function serializeList(list: readonly Member[]): string | undefined {
  return todo(list)
}

export function serializeDictionary(dictionary: ReadonlyMap<string, Member>): string | undefined {
  return todo(dictionary)
}
