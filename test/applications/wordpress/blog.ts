// WordPress, as Debian packages it, on MariaDB and php-fpm: copied, configured by a wp-config.php as its owner writes
// it, and installed over HTTP as its owner does. Its code stays as it is.
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { briefly, Browser, inputOf, locationOf, pageOf, type Address } from '../fixtures/browser.ts'
import { startMariaDb, type MariaDb } from '../fixtures/mariadb.ts'
import { type PhpFpm, startPhpFpm } from '../fixtures/php-fpm.ts'
import { copyInstalled, giveToServer, phpValue, type Rig } from '../fixtures/rig.ts'

/** Where Debian's packages have put it. */
export const installedIn = '/usr/share/wordpress'

/** The host that the blog is called by. */
export const host = 'blog.test'

/** A folder with WordPress, its database and the php-fpm that may run it. */
export interface WordPressFiles {
  readonly root: string
  readonly database: MariaDb
  readonly php: PhpFpm
}

/** Copies WordPress into a rig, and starts MariaDB and php-fpm for it. Nothing is installed yet. */
export async function prepareWordPress(rig: Rig): Promise<WordPressFiles> {
  const root = rig.path('wordpress')
  copyInstalled(installedIn, root)
  // Debian keeps what it sets itself apart; a wp-config.php beside the code is what everybody else has.
  rmSync(join(root, '.htaccess'), { force: true })
  const database = await startMariaDb(rig)
  writeFileSync(join(root, 'wp-config.php'), configurationOf(database))
  cpSync(
    '/var/lib/wordpress/wp-content/themes/twentytwentythree',
    join(root, 'wp-content/themes/twentytwentythree'),
    {
      recursive: true,
      dereference: true,
    },
  )
  giveToServer(root)
  return { root, database, php: await startPhpFpm(rig) }
}

function configurationOf({ database, user, password, socket }: MariaDb): string {
  const salts = ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'].flatMap((name) => [
    `${name}_KEY`,
    `${name}_SALT`,
  ])
  const constants = {
    DB_NAME: database,
    DB_USER: user,
    DB_PASSWORD: password,
    DB_HOST: `localhost:${socket}`,
    DB_CHARSET: 'utf8mb4',
    ...Object.fromEntries(salts.map((name) => [name, `the ${name} of a blog in a test`])),
    DISABLE_WP_CRON: true,
    WP_HTTP_BLOCK_EXTERNAL: true,
    AUTOMATIC_UPDATER_DISABLED: true,
  }
  const lines = Object.entries(constants).map(
    ([name, value]) => `define(${phpValue(name)}, ${phpValue(value)});`,
  )
  return `<?php
${lines.join('\n')}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
`
}

/** A person who may log in. */
export interface Person {
  readonly login: string
  readonly password: string
  /** As the pages call them. */
  readonly displayName: string
}

/** The blog's owner. */
const ownerAccount: Person = { login: 'owner', password: 'pass of the owner', displayName: 'owner' }

/** An installed blog, seen by its owner. */
export class Blog {
  private constructor(
    readonly address: Address,
    readonly owner: Browser,
    private readonly nonce: string,
  ) {}

  /** Installs WordPress over HTTP, logs its owner in and gives posts addresses with their names. */
  static async install(port: number): Promise<Blog> {
    const address = { port, host }
    const browser = new Browser(ownerAccount.displayName, address)
    const installed = await browser.post('/wp-admin/install.php?step=2', {
      weblog_title: 'A blog',
      user_name: ownerAccount.login,
      admin_password: ownerAccount.password,
      admin_password2: ownerAccount.password,
      admin_email: 'owner@blog.test',
      blog_public: '0',
      language: '',
    })
    if (!pageOf(installed).includes('WordPress has been installed'))
      throw new Error(`WordPress was not installed ${briefly(installed)}`)
    await logIn(browser, ownerAccount)
    const permalinks = pageOf(await browser.get('/wp-admin/options-permalink.php'))
    await browser.post('/wp-admin/options-permalink.php', {
      _wpnonce: inputOf(permalinks, '_wpnonce'),
      selection: '/%postname%/',
      permalink_structure: '/%postname%/',
    })
    const nonce = pageOf(await browser.get('/wp-admin/admin-ajax.php?action=rest-nonce'))
    return new Blog(address, browser, nonce)
  }

  /** Creates or changes something over WordPress's REST interface; returns what it answers. */
  async save(what: string, value: Readonly<Record<string, unknown>>): Promise<{ id: number; link: string }> {
    const response = await this.owner.postJson(`/wp-json/wp/v2/${what}`, value, `X-WP-Nonce: ${this.nonce}`)
    if (response.status >= 300) throw new Error(`${what}: ${response.status} ${pageOf(response)}`)
    return JSON.parse(pageOf(response)) as { id: number; link: string }
  }

  /** Uploads a file to the blog's media; returns the path by which visitors get it. */
  async upload(name: string, type: string, content: Uint8Array): Promise<string> {
    const lines = [`Content-Type: ${type}`, `Content-Disposition: attachment; filename=${name}`]
    const nonce = `X-WP-Nonce: ${this.nonce}`
    const answer = await this.owner.ask('POST', '/wp-json/wp/v2/media', {
      lines: [...lines, nonce],
      body: content,
    })
    if (answer.status !== 201) throw new Error(`${name} was not uploaded ${briefly(answer)}`)
    return new URL((JSON.parse(pageOf(answer)) as { source_url: string }).source_url).pathname
  }

  /** Publishes a post; returns its id and path. */
  async publish(title: string, content: string, more: Readonly<Record<string, unknown>> = {}): Promise<Post> {
    const { id, link } = await this.save('posts', { title, content, status: 'publish', ...more })
    return { id, path: new URL(link).pathname }
  }

  /** A new user with this role, logged in. */
  async join(person: Person, role: 'subscriber' | 'author' | 'editor'): Promise<Browser> {
    await this.save('users', {
      username: person.login,
      name: person.displayName,
      password: person.password,
      email: `${person.login}@blog.test`,
      roles: [role],
    })
    const browser = this.visitor(person.displayName)
    await logIn(browser, person)
    return browser
  }

  /** A visitor whom the blog does not know. */
  visitor(name: string): Browser {
    return new Browser(name, this.address)
  }
}

/** A published post. */
export interface Post {
  readonly id: number
  readonly path: string
}

/** Logs in by the form that people use. */
export async function logIn(browser: Browser, { login, password }: Person): Promise<void> {
  await browser.get('/wp-login.php')
  const answer = await browser.post('/wp-login.php', { log: login, pwd: password, testcookie: '1' })
  if (answer.status !== 302) throw new Error(`${login} could not log in ${briefly(answer)}`)
}

/** Sends a comment as a visitor does who is not logged in, and has the blog remember them; returns where it is shown. */
export async function comment(browser: Browser, post: Post, text: string): Promise<string> {
  const answer = await browser.post('/wp-comments-post.php', {
    comment_post_ID: String(post.id),
    comment_parent: '0',
    author: browser.name,
    email: `${browser.name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}@visitors.test`,
    comment: text,
    'wp-comment-cookies-consent': 'yes',
  })
  return locationOf(answer)
}

/** Opens what a post's password protects. */
export async function enterPassword(browser: Browser, password: string): Promise<void> {
  await browser.post('/wp-login.php?action=postpass', { post_password: password }, `Referer: http://${host}/`)
}
