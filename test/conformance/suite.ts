// The public suite of HTTP caching tests, `http-tests/cache-tests`, driven from outside: nothing of it is copied here.
// Its own server plays the origin, its own command-line client plays the visitor, its own rules decide what a result
// counts as (score.ts). All three are loaded from the folder that the caller names.
//
// Left out: the suite's browser tests, and its HTTPS origin.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The commit that the bars in score.ts were counted at, and the digest of its test definitions. */
export const suiteCommit = 'b55b8bd'
const suiteDigest = 'a78b24d3909cb76103d59d692eb461f87378d1ccc93061eefbd44176b50ca525'

/** What a test of the suite says about itself; its requests stay opaque. */
export interface SuiteTest {
  readonly id: string
  readonly name: string
  /** Absent means required. */
  readonly kind?: 'required' | 'optimal' | 'check'
  readonly depends_on?: readonly string[]
  readonly browser_only?: boolean
}

export interface SuiteGroup {
  readonly id: string
  readonly name: string
  readonly tests: readonly SuiteTest[]
}

/** What the client prints for a test: true, or the name of the error and its message. */
export type RawResult = true | readonly [error: string, message: string]
export type RawResults = Readonly<Record<string, RawResult>>

/** How the suite itself sorts a result, by the dependencies' results too; one of the names in `resultTypes`. */
export type Classify = (testId: string, results: RawResults) => string

/** A loaded suite. */
export interface Suite {
  readonly folder: string
  readonly groups: readonly SuiteGroup[]
  readonly classify: Classify
  /** Whether the test definitions are those of `suiteCommit`. */
  readonly isPinned: boolean
}

/** Loads the definitions and the rules from a checkout; throws with what is missing. */
export async function loadSuite(folder: string): Promise<Suite> {
  const load = (path: string) => import(pathToFileURL(join(folder, path)).href)
  for (const path of ['tests/index.mjs', 'test-engine/lib/results.mjs']) {
    if (!existsSync(join(folder, path)))
      throw new Error(`${folder} is not a checkout of http-tests/cache-tests: no ${path}`)
  }
  // The client's interim-response tests load undici; without it they would fail for a reason of ours.
  if (!existsSync(join(folder, 'node_modules/undici')))
    throw new Error(`run \`npm install\` in ${folder} first: undici is missing`)
  const groups = (await load('tests/index.mjs')).default as SuiteGroup[]
  const rules = (await load('test-engine/lib/results.mjs')) as {
    resultTypes: Record<string, unknown>
    determineTestResult(groups: readonly SuiteGroup[], id: string, results: RawResults): unknown
  }
  const digest = new Bun.CryptoHasher('sha256').update(JSON.stringify(groups)).digest('hex')
  return {
    folder,
    groups,
    classify(testId, results) {
      const type = rules.determineTestResult(groups, testId, results)
      const found = Object.entries(rules.resultTypes).find(([, value]) => value === type)
      if (!found) throw new Error(`the suite gave ${testId} a result that its own list does not hold`)
      return found[0]
    },
    isPinned: digest === suiteDigest,
  }
}

/** The suite's server, running; it is the origin. */
export interface SuiteServer {
  readonly port: number
  /** What it has printed: warnings, and the requests of a single test. */
  output(): string
  stop(): Promise<void>
}

// The suite's server would listen on every address of the machine; this keeps it on loopback.
const loopbackOnly =
  'data:text/javascript,import http from "node:http";const listen=http.Server.prototype.listen;' +
  'http.Server.prototype.listen=function(port){return listen.call(this,Number(port),"127.0.0.1")}'

/** Starts the suite's server on `port` (0: any free one) and waits until it listens. */
export async function startSuiteServer(suite: Suite, port = 0): Promise<SuiteServer> {
  const child = Bun.spawn(
    ['node', '--no-warnings', '--import', loopbackOnly, 'test-engine/server/server.mjs'],
    {
      cwd: suite.folder,
      env: {
        ...process.env,
        npm_config_protocol: 'http',
        npm_config_port: String(port),
        npm_config_pidfile: '/dev/null',
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    },
  )
  const endWithUs = () => child.kill('SIGTERM')
  process.once('exit', endWithUs)
  let printed = ''
  const listening = Promise.withResolvers<number>()
  const pump = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      printed += decoder.decode(chunk, { stream: true })
      const match = /Listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)
      if (match) listening.resolve(Number(match[1]))
    }
    listening.reject(new Error(`the suite's server ended before it listened: ${printed}`))
  }
  const pumped = pump()
  return {
    port: await listening.promise,
    output: () => printed,
    async stop() {
      process.removeListener('exit', endWithUs)
      child.kill('SIGTERM')
      await child.exited
      await pumped
    },
  }
}

/** Runs the client against `baseUrl` and returns what it printed: all tests, or the one named, with its messages. */
export async function runClient(suite: Suite, baseUrl: string, testId = ''): Promise<string> {
  const child = Bun.spawn(['node', '--no-warnings', 'test-engine/cli.mjs'], {
    cwd: suite.folder,
    env: {
      ...process.env,
      npm_config_base: baseUrl.replace(/\/$/, ''),
      npm_config_id: testId,
      npm_package_config_id: '',
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const endWithUs = () => child.kill('SIGTERM')
  process.once('exit', endWithUs)
  const printed = await new Response(child.stdout).text()
  const code = await child.exited
  process.removeListener('exit', endWithUs)
  if (code !== 0) throw new Error(`the suite's client ended with ${code}: ${printed.slice(-500)}`)
  return printed
}

/** The results in what the client printed: the JSON object that starts on a line of its own. */
export function parseResults(printed: string): RawResults {
  const start = printed.search(/^\{$/m)
  if (start < 0) throw new Error(`the suite's client printed no results: ${printed.slice(0, 500)}`)
  return JSON.parse(printed.slice(start)) as RawResults
}
