// What visitors never get to see of a folder, as its owner writes it: `deny`. A path from the root ('/data',
// '/sites/*/private'), or a name without a slash, which counts at any depth ('*.inc', 'composer.json'). Either stands for
// what lies below, too. In a name one '*' is any run of characters; a whole name '*' is any one name.
//
// A pattern also counts for what editors leave of such a file and for its packed forms ('x.inc~', 'x.inc.bak',
// 'dump.sql.gz'), and endings count in capitals as well: each of these shows what the owner meant to hide.

/** What is added to the name of a file by who edits, keeps or packs it. */
const additions = String.raw`(?:~|\.(?:bak|old|orig|save|sw[op]|dist|gz|br|zst|bz2|xz|zip))*`

/** Patterns of what is denied. What is wrong with one is told when the configuration is read. */
export class DenyList {
  /** One expression for each name on the way. */
  readonly #paths: readonly (readonly RegExp[])[]
  /** Endings in any case, other names as they are. */
  readonly #names: readonly RegExp[]

  constructor(patterns: readonly string[]) {
    this.#paths = patterns.filter((pattern) => pattern.startsWith('/')).map(pathExpressions)
    const endings = patterns.filter((pattern) => pattern.startsWith('*'))
    const names = patterns.filter((pattern) => !/^[/*]/.test(pattern))
    this.#names = [...anyOf(endings, 'i'), ...anyOf(names, '')]
  }

  /** Whether the entry to which the first `count` of these names lead from the root is denied for its own sake. */
  denies(names: readonly string[], count: number): boolean {
    if (this.deniesName(names[count - 1]!)) return true
    for (const path of this.#paths)
      if (path.length === count && path.every((name, i) => name.test(names[i]!))) return true
    return false
  }

  /** Whether whatever is called so is denied. */
  deniesName(name: string): boolean {
    for (const expression of this.#names) if (expression.test(name)) return true
    return false
  }
}

function pathExpressions(pattern: string): readonly RegExp[] {
  const names = pattern.split('/').filter((name) => name !== '')
  return names.map((name, i) => new RegExp(`^${source(name)}${i === names.length - 1 ? additions : ''}$`))
}

/** One expression for all of these names; none for no name. */
function anyOf(names: readonly string[], flags: string): readonly RegExp[] {
  return names.length === 0 ? [] : [new RegExp(`^(?:${names.map(source).join('|')})${additions}$`, flags)]
}

function source(name: string): string {
  return name.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*')
}
