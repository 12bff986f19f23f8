// DokuWiki, as Debian packages it: copied, its settings, people and pages in folders beside it, as its manual
// advises. Its code stays as it is.
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { briefly, Browser, hiddenOf, pageOf } from '../fixtures/browser.ts'
import { copyInstalled, giveToServer, phpValue, type Rig } from '../fixtures/rig.ts'

/** Where Debian's package has put it. */
export const installedIn = '/usr/share/dokuwiki'

/** The host that the wiki is called by. */
export const host = 'notes.test'

/** A person who may log in. */
export interface Person {
  readonly login: string
  readonly password: string
  readonly name: string
}

/** Copies DokuWiki into a rig, with these people, all of whom may write; returns its folder. */
export function prepareDokuWiki(rig: Rig, people: readonly Person[]): string {
  const root = rig.path('dokuwiki')
  copyInstalled(installedIn, root)
  rmSync(join(root, 'install.php'))
  const conf = rig.path('doku-conf')
  copyInstalled('/etc/dokuwiki', conf)
  const data = rig.path('doku-data')
  cpSync('/var/lib/dokuwiki/data', data, { recursive: true })
  // Where the settings are, in the file that is the owner's (Debian has one of its own there).
  writeFileSync(join(root, 'inc/preload.php'), `<?php\ndefine('DOKU_CONF', ${phpValue(`${conf}/`)});\n`)
  const settings = { title: 'Notes', useacl: 1, superuser: '@admin', savedir: data, breadcrumbs: 0 }
  const lines = Object.entries(settings).map(
    ([name, value]) => `$conf[${phpValue(name)}] = ${phpValue(value)};\n`,
  )
  writeFileSync(join(conf, 'local.php'), `<?php\n${lines.join('')}`)
  writeFileSync(join(conf, 'acl.auth.php'), '# <?php exit()?>\n*\t@ALL\t1\n*\t@user\t8\n')
  const users = people.map(({ login, password, name }) => {
    // PHP's name for the same hash.
    const hash = Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 4 }).replace('$2b$', '$2y$')
    return `${login}:${hash}:${name}:${login}@notes.test:user\n`
  })
  writeFileSync(join(conf, 'users.auth.php'), `# <?php exit()?>\n${users.join('')}`)
  giveToServer(conf, data)
  return root
}

/** A visitor whom the wiki does not know. */
export function visitor(name: string, port: number): Browser {
  return new Browser(name, { port, host })
}

/** The address of a page. */
export const pathOf = (id: string): string => `/doku.php?id=${id}`

/** Logs in by the form that people use. */
export async function logIn(browser: Browser, { login, password }: Person): Promise<void> {
  const path = `${pathOf('start')}&do=login`
  const form = hiddenOf(pageOf(await browser.get(path)), 'dw__login')
  const answer = await browser.post(path, { ...form, u: login, p: password })
  if (answer.status !== 302) throw new Error(`${login} could not log in ${briefly(answer)}`)
}

/** Writes a page by the form that people use. */
export async function edit(browser: Browser, id: string, text: string): Promise<void> {
  const form = hiddenOf(pageOf(await browser.get(`${pathOf(id)}&do=edit`)), 'dw__editform')
  const answer = await browser.post(pathOf(id), { ...form, wikitext: text, summary: '', 'do[save]': '1' })
  if (answer.status !== 302) throw new Error(`${id} was not saved ${briefly(answer)}`)
}
