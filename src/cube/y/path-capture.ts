// What the parts of a path pattern stood for in a path: the segments that have a name, and what '*' was.
import { patternParts } from './pattern.ts'

/** Reads a path that a pattern matches. */
export interface PathCapture {
  /** What can be had: names of segments, and '*' if the pattern has one. */
  readonly names: readonly string[]
  /** By those names; undefined when the path does not match. */
  read(path: string): ReadonlyMap<string, string> | undefined
  /** A path that the pattern matches. */
  readonly example: string
}

/** Compiles a pattern that `pathMatcher` takes. As that, linear in the path: it has one '*'. */
export function pathCapture(pattern: string): PathCapture {
  const names: string[] = []
  let source = ''
  let example = ''
  for (const part of patternParts(pattern)) {
    if (part.kind === 'text') {
      source += part.text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
      example += part.text
      continue
    }
    names.push(part.kind === 'segment' ? part.name : '*')
    source += part.kind === 'segment' ? '([^/]+)' : '(.*)'
    example += 'x'
  }
  const expression = new RegExp(`^${source}$`, 's')
  return {
    names,
    // '*.html' stands for paths, too.
    example: example.startsWith('/') ? example : `/${example}`,
    read(path) {
      const values = expression.exec(path)
      return values === null ? undefined : new Map(names.map((name, i) => [name, values[i + 1]!]))
    },
  }
}
