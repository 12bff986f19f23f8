// The rules of this repository that a machine can hold, each a function from files to violations. tidy.test.ts runs
// them over the tree, and over planted faults, so that a rule that no longer finds anything is found itself.
import { headerOf, importsOf, isTest, resolveImport, type SourceFile } from './source.ts'

/** What is started or imported from outside: the command, and what a configuration file imports from 'myriad'. */
export const entryPoints: readonly string[] = ['src/cli/main.ts', 'src/cli/standalone.ts', 'src/myriad.ts']

/** A broken rule: where, and what was expected. */
export interface Violation {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** The folders of `src/` and what may import what, as docs/ARCHITECTURE.md has it. */
export interface Ranks {
  readonly rankOf: ReadonlyMap<string, number>
  /** Folders without I/O of any kind. */
  readonly pure: ReadonlySet<string>
}

/** Reads the table of ranks: rows of `| 3 | `src/store/` | what lives there |`. */
export function readRanks(architecture: string): Ranks {
  const rankOf = new Map<string, number>()
  const pure = new Set<string>()
  for (const match of architecture.matchAll(/^\| *(\d+) *\|([^|]*)\|(.*)\|$/gm)) {
    for (const folder of match[2]!.matchAll(/`(src\/\w+)\/`/g)) {
      rankOf.set(folder[1]!, Number(match[1]))
      if (/\bpure\b/.test(match[3]!)) pure.add(folder[1]!)
    }
  }
  return { rankOf, pure }
}

/** Modules of the runtime that compute and touch nothing. */
const computing = new Set(['bun:test', 'node:buffer', 'node:crypto', 'node:util', 'node:zlib'])

/** A folder imports itself and folders of a lower rank; nothing in `src/` but a test imports from outside of it. */
export function ranks(files: readonly SourceFile[], { rankOf, pure }: Ranks): Violation[] {
  const found: Violation[] = []
  const folders = new Set<string>()
  for (const file of typescript(files, 'src/')) {
    const folder = folderOf(file.path)
    folders.add(folder)
    const rank = rankOf.get(folder)
    if (rank === undefined) found.push(at(file, 1, `${folder} has no rank in docs/ARCHITECTURE.md`))
    for (const specifier of importsOf(file)) {
      const line = lineOf(file, specifier)
      const target = resolveImport(file, specifier)
      if (target === undefined) {
        const io = /^(bun|node:|bun:)/.test(specifier) && !computing.has(specifier)
        if (io && pure.has(folder) && !isTest(file))
          found.push(at(file, line, `${folder} is pure: no ${specifier}`))
        continue
      }
      const other = folderOf(target)
      if (!target.startsWith('src/')) {
        if (!(isTest(file) && /^(?:testing|sim)\//.test(target)))
          found.push(at(file, line, `src imports ${target}`))
      } else if (other !== folder && rank !== undefined && (rankOf.get(other) ?? Infinity) >= rank) {
        found.push(at(file, line, `${folder} (rank ${rank}) imports ${other} (rank ${rankOf.get(other)})`))
      }
    }
  }
  for (const folder of rankOf.keys()) {
    if (!folders.has(folder)) {
      found.push({ path: 'docs/ARCHITECTURE.md', line: 1, message: `${folder} has a rank and no files` })
    }
  }
  return found
}

/** Every relative import names its file with the extension, and the file exists. */
export function imports(files: readonly SourceFile[]): Violation[] {
  const paths = new Set(files.map((file) => file.path))
  return typescript(files).flatMap((file) =>
    importsOf(file)
      .map((specifier) => ({ specifier, target: resolveImport(file, specifier) }))
      .filter(({ target }) => target !== undefined && !paths.has(target))
      .map(({ specifier }) =>
        at(file, lineOf(file, specifier), `${specifier} is not a file (with its extension)`),
      ),
  )
}

/** Every file opens by saying what it is, unless it is the test of the file beside it; a file of more than 400 lines says in that comment why it is long. */
export function headers(files: readonly SourceFile[]): Violation[] {
  const paths = new Set(files.map((file) => file.path))
  return typescript(files).flatMap((file) => {
    const header = headerOf(file)
    const lines = file.text.split('\n').length - 1
    const isBesideItsSubject = isTest(file) && paths.has(file.path.replace('.test.ts', '.ts'))
    if (header.replaceAll(/[^A-Za-z]/g, '').length < 10 && !isBesideItsSubject) {
      return [at(file, 1, 'the file does not open with a comment that says what it is')]
    }
    if (lines > 400 && !/\blong because\b/i.test(header)) {
      return [at(file, 1, `${lines} lines, and the header has no "long because …"`)]
    }
    return []
  })
}

const clockCalls =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bMath\.random\b|\b(?:set|clear)(?:Timeout|Interval|Immediate)\b|\bBun\.(?:sleep|sleepSync|nanoseconds)\b|\bprocess\.hrtime\b|\bcrypto\.(?:randomUUID|getRandomValues|randomBytes|randomInt)\b|\brandomUUIDv7\b/

/** Time, timers and chance are parameters: only `src/base/` calls the machine's. */
export function injectedTime(files: readonly SourceFile[]): Violation[] {
  return programs(files)
    .filter((file) => !file.path.startsWith('src/base/'))
    .flatMap((file) => matches(file, file.bare, clockCalls, (call) => `${call} outside src/base`))
}

/** Only commands talk to a person. */
export function quiet(files: readonly SourceFile[]): Violation[] {
  return programs(files)
    .filter((file) => !file.path.startsWith('src/cli/'))
    .flatMap((file) => matches(file, file.bare, /\bconsole\.\w+/, (call) => `${call} outside src/cli`))
}

/** No file is a heap or a mere list of re-exports. */
export function names(files: readonly SourceFile[]): Violation[] {
  return typescript(files).flatMap((file) => {
    const parts = file.path.split(/[/.-]/)
    const heap = parts.find((part) => /^(utils?|helpers?|common|managers?|misc)$/.test(part))
    if (heap !== undefined) return [at(file, 1, `"${heap}" says nothing of what is in it`)]
    const isBarrel = /^\s*(?:export\b[^;{}]*(?:\{[^}]*\})?\s*from\s*['"][^'"]*['"];?\s*)+$/.test(file.bare)
    if (parts.includes('index') || (isBarrel && !entryPoints.includes(file.path))) {
      return [at(file, 1, 'a barrel: import from the file that has it')]
    }
    return []
  })
}

/** Every file of `src/` is part of the program, or of a measurement or tool; a test alone does not keep it alive. */
export function deadFiles(files: readonly SourceFile[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const alive = new Set<string>()
  const visit = (path: string): void => {
    const file = byPath.get(path)
    if (!file || alive.has(path)) return
    alive.add(path)
    for (const specifier of importsOf(file)) {
      const target = resolveImport(file, specifier)
      if (target !== undefined) visit(target)
    }
  }
  for (const file of typescript(files)) {
    if (!file.path.startsWith('src/') && !file.path.startsWith('testing/')) visit(file.path)
  }
  for (const path of entryPoints) visit(path)
  // What tests share lives as long as a test beside the code, or a scenario, uses it.
  const usedByTests = new Set(
    typescript(files)
      .filter((file) => isTest(file) || file.path.startsWith('testing/'))
      .flatMap((file) => importsOf(file).map((specifier) => resolveImport(file, specifier))),
  )
  return typescript(files)
    .filter((file) => !isTest(file) && !alive.has(file.path))
    .filter((file) => !(file.path.startsWith('testing/') && usedByTests.has(file.path)))
    .map((file) => at(file, 1, 'nothing but its own test imports this'))
}

/** What is exported has a user in another file; types may be exported for the sake of those who read a signature. */
export function usedExports(files: readonly SourceFile[]): Violation[] {
  const usersOf = new Map<string, Set<string>>()
  for (const file of typescript(files)) {
    for (const word of new Set(file.bare.match(/\b\w+\b/g))) {
      const users = usersOf.get(word) ?? new Set()
      usersOf.set(word, users.add(file.path))
    }
  }
  const declaration = /^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm
  return programs(files).flatMap((file) =>
    [...file.bare.matchAll(declaration)]
      .map((match) => match[1]!)
      .filter((name) => usersOf.get(name)!.size === 1)
      .map((name) => at(file, lineOf(file, ` ${name}`), `nobody imports ${name}`)),
  )
}

/** Exported functions of `src/` say what comes in and out. */
export function documented(files: readonly SourceFile[]): Violation[] {
  return programs(files).flatMap((file) => {
    const lines = file.text.split('\n')
    return lines.flatMap((text, i) => {
      const name = /^export (?:async )?function\*? ?(\w+)/.exec(text)?.[1]
      const before = lines[i - 1] ?? ''
      const overload = new RegExp(`^export (?:async )?function\\*? ?${name}\\b`).test(before)
      if (name === undefined || overload || before.trimEnd().endsWith('*/')) return []
      return [at(file, i + 1, `${name} has no TSDoc`)]
    })
  })
}

/** No error disappears: a catch does something, or says in a comment why there is nothing to do. */
export function caught(files: readonly SourceFile[]): Violation[] {
  const empty =
    /\bcatch\s*(?:\(\w*\))?\s*\{\s*\}|\.catch\(\s*\(?\w*\)?\s*=>\s*(?:\{\s*\}|undefined|null)\s*\)/
  return programs(files).flatMap((file) =>
    matches(file, file.bare, empty, () => 'an empty catch').filter(
      ({ line }) =>
        !/\/[/*]/.test(
          file.text
            .split('\n')
            .slice(Math.max(0, line - 2), line + 2)
            .join('\n'),
        ),
    ),
  )
}

/** Nothing is left for later without a word in docs/STATUS.md. */
export function finished(files: readonly SourceFile[]): Violation[] {
  return typescript(files)
    .filter((file) => !file.path.startsWith('tools/tidy'))
    .flatMap((file) =>
      matches(
        file,
        file.text,
        /\b(?:TODO|FIXME|XXX|not (?:yet )?written|not yet implemented)\b/,
        (word) => `"${word}"`,
      ),
    )
}

/** No test is switched off or runs alone; one that is skipped on a condition, and says why, is fine. */
export function testsRun(files: readonly SourceFile[]): Violation[] {
  return typescript(files).flatMap((file) =>
    matches(
      file,
      file.bare,
      /^ *(?:test|describe|it)\.(?:only|todo|skip|failing)\b/m,
      (call) => `${call.trim()} is left in`,
    ),
  )
}

/** Links of the documents, and paths of this repository that documents and comments name, lead somewhere. */
export function links(files: readonly SourceFile[], exists: (path: string) => boolean): Violation[] {
  const found: Violation[] = []
  const anchors = new Map(files.map((file) => [file.path, headingsOf(file)]))
  for (const file of files) {
    if (file.path.endsWith('.md')) {
      for (const match of file.text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const [target, anchor] = match[1]!.split('#') as [string, string?]
        if (/^[a-z]+:/.test(target)) continue
        const path = target === '' ? file.path : new URL(target, `file:///${file.path}`).pathname.slice(1)
        const line = file.text.slice(0, match.index).split('\n').length
        if (!exists(path)) found.push(at(file, line, `a dead link: ${match[1]}`))
        else if (anchor !== undefined && path.endsWith('.md') && !anchors.get(path)?.has(anchor)) {
          found.push(at(file, line, `no such heading: ${match[1]}`))
        }
      }
    }
    if (!/\.(md|ts|mjs)$/.test(file.path) || file.path.startsWith('tools/tidy')) continue
    const prose = file.path.endsWith('.md') ? file.text : commentsOf(file)
    const named = /(?<![\w/.])(?:src|docs|test|testing|tools|bench|examples|bin)\/[\w/.-]*\w/g
    for (const match of prose.matchAll(named)) {
      const line = prose.slice(0, match.index).split('\n').length
      if (!match[0].includes('NAME') && !exists(match[0]))
        found.push(at(file, line, `names ${match[0]}, which does not exist`))
    }
  }
  return found
}

/** Nothing of one machine stands in the repository: its folders, a private registry. */
export function elsewhere(files: readonly SourceFile[]): Violation[] {
  const places = /(?<![\w.$}/-])\/(?:tmp|work|root|home)\/[\w.-]*/
  const registry =
    /https?:\/\/(?!registry\.npmjs\.org\b)[\w.-]*(?:registry|artifactory|nexus|proxy\.golang)[\w.-]*/
  return files
    .filter((file) => !file.path.startsWith('tools/tidy'))
    .flatMap((file) => [
      ...matches(file, file.text, places, (place) => `${place} is a place on one machine`),
      ...matches(file, file.text, registry, (host) => `${host} is not the public registry`),
    ])
}

/** The TypeScript files below a folder. */
function typescript(files: readonly SourceFile[], folder = ''): SourceFile[] {
  return files.filter((file) => file.path.endsWith('.ts') && file.path.startsWith(folder))
}

/** What runs in production: `src/` without its tests. */
function programs(files: readonly SourceFile[]): SourceFile[] {
  return typescript(files, 'src/').filter((file) => !isTest(file))
}

/** The folder that a file has its rank from; what a configuration file imports is a face of `src/config/`. */
function folderOf(path: string): string {
  return path === 'src/myriad.ts' ? 'src/config' : path.split('/').slice(0, 2).join('/')
}

function at(file: SourceFile, line: number, message: string): Violation {
  return { path: file.path, line, message }
}

function lineOf(file: SourceFile, text: string): number {
  return file.text.slice(0, Math.max(0, file.text.indexOf(text))).split('\n').length
}

function matches(
  file: SourceFile,
  text: string,
  pattern: RegExp,
  message: (matched: string) => string,
): Violation[] {
  return [...text.matchAll(new RegExp(pattern, `g${pattern.flags}`))].map((match) =>
    at(file, text.slice(0, match.index).split('\n').length, message(match[0])),
  )
}

/** The text with everything but comments blanked. */
function commentsOf(file: SourceFile): string {
  let comments = ''
  for (let i = 0; i < file.text.length; i++) {
    const isKept = file.text[i] === '\n' || file.code[i] !== file.text[i]
    comments += isKept ? file.text[i] : ' '
  }
  return comments
}

/** The anchors that a document's headings have on the usual forges. */
function headingsOf(file: SourceFile): Set<string> {
  if (!file.path.endsWith('.md')) return new Set()
  return new Set(
    [...file.text.matchAll(/^#+ (.*)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
