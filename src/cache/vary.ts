// Variants (RFC 9111 §4.1): responses under one primary key that were chosen by fields of the request. Each stored
// response remembers the names in its Vary field and its key among the variants: the normal form of those fields.
//
// Accept-Encoding is no such field here: Myriad asks every origin for the same codings and codes for the client itself.
// Cookie stands for the cookies that remain (`facts.ts`).
import { digest } from '../base/digest.ts'
import { remembered } from '../http/memo.ts'
import type { RequestFacts } from './facts.ts'
import type { Stored } from './stored.ts'

/** The names that a Vary field lists, lower case, sorted, without Accept-Encoding; 'any' when '*' is among them. */
export function varyNames(vary: string | undefined): readonly string[] | 'any' {
  return vary === undefined ? noNames : readVary(vary)
}

const noNames: readonly string[] = []

const readVary = remembered((vary: string): readonly string[] | 'any' => {
  const names = new Set(vary.split(',').map((name) => name.trim().toLowerCase()))
  if (names.has('*')) return 'any'
  names.delete('')
  names.delete('accept-encoding')
  return names.size === 0 ? noNames : [...names].toSorted()
}, 512)

/** Longer values are compared as they came: no honest list is longer, and a stranger's costs no more than its length. */
const NORMAL_CHARACTERS_MAX = 1024
/** Longer values stand in keys by their digest, so that a key's size does not follow what strangers send. */
const VERBATIM_CHARACTERS_MAX = 128

/**
 * The key of a request among the variants that these names tell apart; '' for no names. A line per name, so that keys
 * of different lists of names differ; no field value holds a line break.
 */
export function variantKey(names: readonly string[], facts: RequestFacts): string {
  let key = ''
  for (const name of names) key += `${keyLine(name, facts)}\n`
  return key
}

/** As `variantKey`, for several lists of names: the line of each name is made once. */
function keyFrom(names: readonly string[], facts: RequestFacts, lines: Map<string, string>): string {
  let key = ''
  for (const name of names) {
    let line = lines.get(name)
    if (line === undefined) lines.set(name, (line = keyLine(name, facts)))
    key += `${line}\n`
  }
  return key
}

/** Neither ':' nor '@' can stand in a name (RFC 9110 §5.6.2). */
function keyLine(name: string, facts: RequestFacts): string {
  const value = normalValue(name, facts)
  // A field that is absent matches only absence (§4.1).
  if (value === undefined) return name
  return value.length > VERBATIM_CHARACTERS_MAX ? `${name}@${rememberedDigest(value)}` : `${name}:${value}`
}

const rememberedDigest = remembered(digest, 1024)

/**
 * The stored response that was made for such a request. Of several, one that names what it was chosen by goes before
 * one that does not (§4.1: some resources forget Vary on their default response), and then the latest Date.
 */
export function selectVariant<S extends Stored>(variants: readonly S[], facts: RequestFacts): S | undefined {
  const first = variants[0]
  if (first === undefined) return undefined
  if (variants.length === 1 && first.vary.length === 0) return first
  let selected: S | undefined
  // Most variants vary on the same names, by the same array.
  let names = noNames
  let key = ''
  const lines = new Map<string, string>()
  for (const variant of variants) {
    if (variant.vary.length > 0) {
      if (variant.vary !== names) {
        names = variant.vary
        key = keyFrom(names, facts, lines)
      }
      if (key !== variant.variant) continue
    }
    if (selected === undefined || isPreferred(variant, selected)) selected = variant
  }
  return selected ?? variantInPreferredLanguage(variants, facts, lines)
}

function isPreferred(variant: Stored, other: Stored): boolean {
  const named = variant.vary.length > 0
  if (named !== other.vary.length > 0) return named
  return variant.dateMs >= other.dateMs
}

/**
 * §4.1 lets a known ranking choose: a variant in the very language that the request prefers above all others, and
 * alike in all else, is what the request asks for, whichever list of languages it was first made for.
 */
function variantInPreferredLanguage<S extends Stored>(
  variants: readonly S[],
  facts: RequestFacts,
  lines: Map<string, string>,
): S | undefined {
  const accepted = facts.fields.get('accept-language')
  if (accepted === undefined || accepted.length > NORMAL_CHARACTERS_MAX) return undefined
  const language = preferredLanguage(accepted)
  if (language === undefined) return undefined
  let selected: S | undefined
  for (const variant of variants) {
    if (!variant.vary.includes('accept-language')) continue
    if (variant.fields.get('content-language')?.trim().toLowerCase() !== language) continue
    if (!agreesButForLanguage(variant, facts, lines)) continue
    if (selected === undefined || isPreferred(variant, selected)) selected = variant
  }
  return selected
}

function agreesButForLanguage(variant: Stored, facts: RequestFacts, lines: Map<string, string>): boolean {
  const written = variant.variant.split('\n')
  const asked = keyFrom(variant.vary, facts, lines).split('\n')
  return variant.vary.every((name, i) => name === 'accept-language' || written[i] === asked[i])
}

function normalValue(name: string, facts: RequestFacts): string | undefined {
  if (name === 'cookie') return facts.cookie
  // All lines of a name are one list (RFC 9110 §5.3).
  const value = facts.fields.get(name)
  if (value === undefined || value.length > NORMAL_CHARACTERS_MAX) return value
  return name === 'accept-language' ? normalLanguages(value) : normalList(value)
}

/** §4.1: whitespace around the commas of a list means nothing; within quotes, or after one that has no end, all stays. */
const normalList = remembered((value: string): string => {
  const text = value.trim()
  let normal = ''
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = closingQuote(text, at)
    else if (character === ',') {
      let end = at
      while (end > from && isBlank(text[end - 1])) end--
      while (isBlank(text[at + 1])) at++
      normal += `${text.slice(from, end)},`
      from = at + 1
    }
  }
  return normal + text.slice(from)
}, 2048)

/** The position of the quote that ends the quoted string at `at` (RFC 9110 §5.6.4); the text's end when it has none. */
function closingQuote(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '"') return i
    if (text[i] === '\\') i++
  }
  return text.length
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t'

interface WeightedLanguage {
  readonly language: string
  readonly weight: number
}

/** §4.1 and RFC 9110 §12.5.4: case, order and whitespace of languages mean nothing, weights do. */
const normalLanguages = remembered((value: string): string => {
  const languages = weightedLanguages(value)
  return languages.map(({ language, weight }) => `${language};q=${weight}`).join(',')
}, 1024)

/** The one language with the highest weight; undefined when there is none, or several. */
function preferredLanguage(value: string): string | undefined {
  const [best, second] = weightedLanguages(value)
  if (best === undefined || best.weight === 0 || best.language === '*') return undefined
  return second !== undefined && second.weight === best.weight ? undefined : best.language
}

/** By falling weight, then by name. */
function weightedLanguages(value: string): WeightedLanguage[] {
  return value
    .toLowerCase()
    .split(',')
    .map((element) => {
      const [language = '', ...parameters] = element.split(';').map((part) => part.trim())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      const number = weight === undefined ? 1 : Number(weight.slice(2))
      return { language, weight: Number.isFinite(number) ? number : 0 }
    })
    .filter(({ language }) => language !== '')
    .toSorted((a, b) => b.weight - a.weight || (a.language < b.language ? -1 : 1))
}
