// MediaWiki, as Debian packages it, on SQLite and php-fpm: copied, installed by its own installer, and told by the
// settings that its owner writes that a cache stands in front of it. Its code stays as it is.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { briefly, Browser, hiddenOf, pageOf, type Address } from '../fixtures/browser.ts'
import { phpProgram, startPhpFpm } from '../fixtures/php-fpm.ts'
import { copyInstalled, giveToServer, phpValue, type Rig, run } from '../fixtures/rig.ts'

/** Where Debian's package has put it. */
export const installedIn = '/usr/share/mediawiki'

/** The host that the wiki is called by. */
export const host = 'wiki.test'

/** What of it a wiki needs that shows plain pages. */
const parts = ['api', 'autoload', 'index', 'load', 'rest'].map((name) => `${name}.php`)
const folders = ['includes', 'languages', 'maintenance', 'resources', 'skins', 'vendor', 'composer.json']

/** A person who may log in. */
export interface Person {
  readonly login: string
  readonly password: string
}

/** A folder with MediaWiki, and the php-fpm that may run it. */
export interface MediaWikiFiles {
  readonly root: string
  readonly socket: string
}

/** Copies MediaWiki into a rig, installs it, creates the people, and starts php-fpm for it. */
export async function installMediaWiki(rig: Rig, people: readonly Person[]): Promise<MediaWikiFiles> {
  const root = rig.path('mediawiki')
  copyInstalled(installedIn, root, [...parts, ...folders])
  const data = rig.makeFolder('wiki-data')
  const maintenance = (script: string, ...words: string[]) =>
    run([phpProgram, join(root, 'maintenance', `${script}.php`), ...words])
  const database = ['--dbtype', 'sqlite', '--dbpath', data, '--dbname', 'wiki']
  const address = ['--server', `http://${host}`, '--scriptpath', '']
  const look = ['--lang', 'en', '--skins', 'Vector']
  maintenance('install', ...database, ...address, ...look, '--pass', 'pass of the owner', 'A wiki', 'Owner')
  setMediaWiki(root, { wgArticlePath: '/wiki/$1', wgCacheDirectory: rig.makeFolder('wiki-cache') })
  for (const { login, password } of people) maintenance('createAndPromote', login, password)
  giveToServer(data, rig.path('wiki-cache'))
  const { socket } = await startPhpFpm(rig)
  return { root, socket }
}

/** Adds settings to LocalSettings.php. */
export function setMediaWiki(
  root: string,
  settings: Readonly<Record<string, Parameters<typeof phpValue>[0]>>,
): void {
  const lines = Object.entries(settings).map(([name, value]) => `$${name} = ${phpValue(value)};\n`)
  appendFileSync(join(root, 'LocalSettings.php'), lines.join(''))
}

/**
 * The settings by which MediaWiki knows of the cache in front of it, and sends it PURGE; and jobs are done when they are
 * asked for, instead of with some request.
 */
export function behindCache(port: number): Readonly<Record<string, Parameters<typeof phpValue>[0]>> {
  return { wgUseCdn: true, wgCdnServers: [`127.0.0.1:${port}`], wgJobRunRate: 0 }
}

/** A visitor whom the wiki does not know. */
export function visitor(name: string, port: number): Browser {
  const address: Address = { port, host }
  return new Browser(name, address)
}

/** The path of a page. */
export const pathOf = (title: string): string => `/wiki/${title}`

/** The path of a page's history, as MediaWiki links to it. */
export const historyOf = (title: string): string => `/index.php?title=${title}&action=history`

/** Logs in by the form that people use. */
export async function logIn(browser: Browser, { login, password }: Person): Promise<void> {
  const path = '/index.php?title=Special:UserLogin'
  const form = hiddenOf(pageOf(await browser.get(path)), 'userlogin')
  const answer = await browser.post(path, { ...form, wpName: login, wpPassword: password })
  if (answer.status !== 302) throw new Error(`${login} could not log in ${briefly(answer)}`)
}

/** Writes a page by the form that people use. */
export async function edit(browser: Browser, title: string, text: string): Promise<void> {
  const form = hiddenOf(pageOf(await browser.get(`/index.php?title=${title}&action=edit`)), 'editform')
  const answer = await browser.post(`/index.php?title=${title}&action=submit`, {
    ...form,
    wpTextbox1: text,
    wpSummary: '',
    wpSave: 'Save changes',
  })
  if (answer.status !== 302) throw new Error(`${title} was not saved ${briefly(answer)}`)
}

/** Does what MediaWiki has put off, such as renewing the pages that show a changed template. */
export function runJobs(root: string): void {
  run([phpProgram, join(root, 'maintenance', 'runJobs.php')])
}
