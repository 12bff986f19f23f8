// A source file as the tidy rules look at it: its text, its code without comments, and its code without the contents
// of strings, so that a rule about calls does not stumble over a sentence. A scanner, not a parser: it knows comments,
// strings, templates and regular expressions, and keeps every line and column where it was.

/** A file of the repository. */
export interface SourceFile {
  /** Relative to the repository's root, with '/'. */
  readonly path: string
  readonly text: string
  /** Without comments. */
  readonly code: string
  /** Without comments and without what stands in quotes. */
  readonly bare: string
}

/** A file with the parts that rules look at; files that are not TypeScript have no code. */
export function sourceFile(path: string, text: string): SourceFile {
  if (!path.endsWith('.ts')) return { path, text, code: '', bare: '' }
  return { path, text, code: blank(text, ['comment']), bare: blank(text, ['comment', 'string']) }
}

/** Whether a file holds tests, or a contract suite that several tests run. */
export function isTest(file: SourceFile): boolean {
  return /(?:\.test|-contract)\.ts$/.test(file.path)
}

/** What a file imports or re-exports, types too, as it is written. */
export function importsOf(file: SourceFile): string[] {
  const found: string[] = []
  // In `bare` the quotes are left and what is between them is blank: the specifier is read from `code`.
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^[ \t]*import\s*)(['"])( *)\1/gm
  for (const match of file.bare.matchAll(pattern)) {
    const end = match.index + match[0].length - 1
    found.push(file.code.slice(end - match[2]!.length, end))
  }
  return found
}

/** The path of a relative import, from the repository's root; undefined for a package. */
export function resolveImport(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return new URL(specifier, `file:///${file.path}`).pathname.slice(1)
}

/** The comment that a file opens with, after a `#!` line; '' when it opens with something else. */
export function headerOf(file: SourceFile): string {
  const text = file.text.replace(/^#!.*\n/, '')
  return /^(?:(?:\/\/.*\n?)+|\/\*[\s\S]*?\*\/)/.exec(text)?.[0] ?? ''
}

type Kind = 'code' | 'comment' | 'string'

/** The text with some kinds of it replaced by spaces; line breaks and the quotes themselves stay. */
function blank(text: string, kinds: readonly Kind[]): string {
  let result = ''
  for (const [kind, piece] of pieces(text)) {
    result += kinds.includes(kind) ? piece.replaceAll(/[^\n]/g, ' ') : piece
  }
  return result
}

/** Cuts a text into code, comments, and what stands between quotes (of strings, templates, regular expressions). */
function* pieces(text: string): Generator<[kind: Kind, piece: string]> {
  let at = 0
  let start = 0
  /** For each template that is open: how many braces are open inside its current `${`. */
  const templates: number[] = []
  let lastCode = ''

  while (at < text.length) {
    const char = text[at]!
    const two = text.slice(at, at + 2)
    let kind: Kind = 'code'
    let end = at + 1
    if (two === '//') [kind, end] = ['comment', indexOr(text, '\n', at)]
    else if (two === '/*') [kind, end] = ['comment', indexOr(text, '*/', at + 2) + 2]
    else if (char === "'" || char === '"') [kind, end] = ['string', closing(text, at + 1, char)]
    else if (char === '/' && regularExpressionMayFollow(lastCode))
      [kind, end] = ['string', closingSlash(text, at + 1)]
    else if (char === '`') {
      templates.push(0)
      ;[kind, end] = ['string', closingTemplate(text, at + 1)]
    } else if (templates.length > 0 && char === '{') templates[templates.length - 1]!++
    else if (templates.length > 0 && char === '}') {
      const open = templates.length - 1
      if (templates[open] === 0) [kind, end] = ['string', closingTemplate(text, at + 1)]
      else templates[open]!--
    }

    if (kind === 'code') {
      if (char.trim() !== '') lastCode = (lastCode + char).slice(-12)
      else if (/\w$/.test(lastCode)) lastCode += ' '
      at = end
      continue
    }
    if (kind === 'comment') {
      yield ['code', text.slice(start, at)]
      yield ['comment', text.slice(at, end)]
    } else {
      yield ['code', text.slice(start, at + 1)]
      yield ['string', text.slice(at + 1, end)]
      // A template that closed here is done; one that reached `${` goes on after its brace.
      if (text[end] === '`') templates.pop()
      if (text[end] === '`' || text[end] === char || char === '/') {
        yield ['code', text.slice(end, end + 1)]
        end++
      } else {
        yield ['code', text.slice(end, end + 2)]
        end += 2
      }
      lastCode = ')'
    }
    at = start = end
  }
  yield ['code', text.slice(start)]
}

function regularExpressionMayFollow(lastCode: string): boolean {
  return (
    /(?:^|[=(,:;!&|?{}[+\-*%~^<>]|\b(?:return|typeof|case|of|in|=>) ?)$/.test(lastCode) &&
    !lastCode.endsWith(')')
  )
}

function indexOr(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? text.length : at
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return text.length
}

function closingSlash(text: string, from: number): number {
  let inClass = false
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) return at
  }
  return text.length
}

/** Where the template ends or its next `${` begins. */
function closingTemplate(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '`' || text.startsWith('${', at)) return at
  }
  return text.length
}
