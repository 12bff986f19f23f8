// A folder of files, as users serve it: with curl, and with clients that read slowly, go away, or see a file change while
// they read it.
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { pass, within } from '../../testing/within.ts'

/** More than the kernel keeps for a client that does not read. */
const LARGE_BYTES = 48 << 20
const script = 'let answer = 42 // and some more text, so that coding is worth it\n'.repeat(40)

let root: string
let myriad: Myriad
let large: Buffer

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'site-')))
  large = Buffer.alloc(LARGE_BYTES)
  for (let at = 0; at < LARGE_BYTES; at += 4) large.writeUInt32LE(at, at)
  plant({
    'index.html': '<h1>site</h1>'.repeat(100),
    'docs/index.html': 'docs',
    'app.js': script,
    'coded.js': script,
    'coded.js.gz': gzipSync(script, { level: 9 }),
    'large.bin': large,
    'middle.bin': large.subarray(0, 8 << 20),
    '.env': 'PASSWORD=1',
    'shop.php.bak': '<?php $password',
  })
  symlinkSync('/etc', join(root, 'etc'))
  myriad = await startMyriad(root)
  await matured('/index.html')
})
afterAll(async () => {
  await myriad.stop()
  rmSync(root, { recursive: true })
})

function plant(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
}

/** Waits until a file is old enough to have a validator. */
function matured(path: string): Promise<void> {
  return until('a validator', async () => (await fetch(myriad.url + path)).headers.has('etag'))
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const poll = async (): Promise<void> => {
    while (!(await holds())) await pass(20)
  }
  await within(10_000, what, poll())
}

interface Curled {
  readonly exit: number
  readonly body: Buffer
  readonly head: string
}

async function curl(path: string, ...args: string[]): Promise<Curled> {
  const headFile = join(root, `.head-${Math.random()}`)
  const command = ['curl', '-s', '--path-as-is', '-D', headFile, ...args, myriad.url + path]
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'ignore' })
  const body = Buffer.from(await child.stdout.bytes())
  return { exit: await child.exited, body, head: readFileSync(headFile, 'latin1') }
}

/** How often Myriad holds that file open. */
function held(name: string, pid = myriad.pid): number {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)).startsWith(join(root, name))
    } catch {
      return false // Closed since it was listed.
    }
  }).length
}

/** Asks for a path and reads nothing until it is told to; then all, to the end or to the break. */
class Reader {
  readonly #socket: Socket
  readonly #pieces: Buffer[] = []
  readonly #over: Promise<void>

  constructor(path: string, port = myriad.port) {
    this.#socket = connect({ port, host: '127.0.0.1' })
    this.#socket.pause()
    this.#socket.on('data', (piece) => this.#pieces.push(piece as Buffer))
    this.#over = new Promise((resolve) => this.#socket.on('close', () => resolve()))
    this.#socket.on('error', () => {})
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  }

  /** The body, as far as it comes. */
  async rest(): Promise<Buffer> {
    let headBytes = -1
    let bytes = 0
    const whole = new Promise<void>((resolve) => {
      this.#socket.on('data', (piece: Buffer) => {
        if (headBytes < 0) headBytes = piece.indexOf('\r\n\r\n') + 4
        bytes += piece.length
        if (bytes >= headBytes + LARGE_BYTES) resolve()
      })
    })
    this.#socket.resume()
    await within(20_000, 'the end of the transfer', Promise.race([whole, this.#over]))
    return Buffer.concat(this.#pieces).subarray(headBytes)
  }

  /** Resolves when the server has ended the connection. */
  get over(): Promise<void> {
    return within(5_000, 'the end of the connection', this.#over)
  }

  leave(): void {
    this.#socket.destroy()
  }
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe.skipIf(!Bun.which('curl'))('with curl', () => {
  test('pages and files', async () => {
    expect((await curl('/')).body.toString()).toBe('<h1>site</h1>'.repeat(100))
    expect((await curl('/docs', '-L')).body.toString()).toBe('docs')
    const whole = await curl('/large.bin')
    expect([whole.exit, digest(whole.body)]).toEqual([0, digest(large)])
    expect(whole.head).toContain('detail=file')
  })

  test('a small file comes from memory the second time', async () => {
    await until('a hit', async () => (await curl('/app.js')).head.includes('; hit;'))
  })

  test('text is coded by the cache, or lies there coded', async () => {
    for (const path of ['/app.js', '/coded.js'])
      for (const coding of ['gzip', 'br', 'zstd', 'identity']) {
        const { exit, body, head } = await curl(path, '--compressed', '-H', `Accept-Encoding: ${coding}`)
        expect([path, coding, exit, body.toString() === script]).toEqual([path, coding, 0, true])
        expect(head.toLowerCase()).toContain('vary: accept-encoding')
      }
    const coded = await curl('/coded.js', '-H', 'Accept-Encoding: gzip, br')
    expect(coded.body.equals(readFileSync(join(root, 'coded.js.gz')))).toBe(true)
  })

  test('what has not changed is not sent again', async () => {
    for (const path of ['/app.js', '/large.bin', '/coded.js']) {
      const tag = /^etag: (.*)\r$/im.exec((await curl(path, '-I')).head)![1]!
      expect((await curl(path, '-H', `If-None-Match: ${tag}`)).head).toStartWith('HTTP/1.1 304')
    }
  })

  test('a download is taken up where it was broken off', async () => {
    const file = join(root, '..', `${root.split('/').at(-1)}.part`)
    writeFileSync(file, large.subarray(0, 30_000_000))
    const { exit } = await curl('/large.bin', '-C', '-', '-o', file)
    expect([exit, digest(readFileSync(file))]).toEqual([0, digest(large)])
    rmSync(file)
  })

  test('other methods are told which there are', async () => {
    const { head } = await curl('/app.js', '-X', 'POST', '-d', 'x=1')
    expect(head).toStartWith('HTTP/1.1 405')
    expect(head).toContain('Allow: GET, HEAD')
  })

  test.each([
    '/.env',
    '/%2eenv',
    '/docs/../.env',
    '/docs/..%2f.env',
    '/etc/passwd',
    '/etc/',
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/shop.php.bak',
    '//etc/passwd',
    '/large.bin/x',
  ])('%s shows nothing', async (path) => {
    const { head, body } = await curl(path)
    expect([/^HTTP\/1\.1 (\d+)/.exec(head)![1], body.toString()]).toEqual(['404', '404 Not Found\n'])
  })

  test('a changed file is seen within a second or so', async () => {
    await curl('/docs/')
    plant({ 'docs/index.html': 'new docs' })
    await until('the new page', async () => (await curl('/docs/')).body.toString() === 'new docs')
  })
})

describe('a slow client', () => {
  test('holds nothing but the open file, one for all who read it', async () => {
    const readers = Array.from({ length: 20 }, () => new Reader('/large.bin'))
    await until('the file to be open', () => held('large.bin') > 0)
    expect(held('large.bin')).toBe(1)
    const bodies = await Promise.all(readers.slice(0, 2).map((reader) => reader.rest()))
    for (const body of bodies) expect(digest(body)).toBe(digest(large))
    for (const reader of readers) reader.leave()
    await until('the file to be closed', () => held('large.bin') === 0)
  }, 30_000)

  test.each([
    ['cut short', (name: string) => truncateSync(join(root, name), 20 << 20)],
    ['written to', (name: string) => appendFileSync(join(root, name), 'x')],
  ])(
    'sees that its file has been %s',
    async (what, change) => {
      const name = `${what.replace(' ', '-')}.bin`
      plant({ [name]: large })
      const reader = new Reader(`/${name}`)
      await until('the file to be open', () => held(name) > 0)
      await pass(50)
      change(name)
      const body = await reader.rest()
      expect(body.length).toBeLessThan(LARGE_BYTES)
      expect(body.equals(large.subarray(0, body.length))).toBe(true)
      await until('the file to be closed', () => held(name) === 0)
    },
    30_000,
  )

  test('gets the file that it asked for, though another has taken its place', async () => {
    plant({ 'release.bin': large })
    const reader = new Reader('/release.bin')
    await until('the file to be open', () => held('release.bin') > 0)
    plant({ 'release.new': 'another' })
    renameSync(join(root, 'release.new'), join(root, 'release.bin'))
    expect(await (await fetch(`${myriad.url}/release.bin`)).text()).toBe('another')
    expect(digest(await reader.rest())).toBe(digest(large))
  }, 30_000)
})

test('a transfer goes on while Myriad ends, and then it does', async () => {
  const site = await startMyriad(root)
  const reader = new Reader('/large.bin', site.port)
  await until('the file to be open', () => held('large.bin', site.pid) > 0)
  site.signal('SIGTERM')
  await pass(100)
  expect(digest(await reader.rest())).toBe(digest(large))
  await reader.over
  expect(await within(5_000, 'Myriad to end', site.exited)).toBe(0)
}, 30_000)

test('requests on one connection are answered in turn, files among them', async () => {
  const client = await RawClient.connect(myriad.port)
  const asked = ['/middle.bin', '/app.js', '/nothing', '/middle.bin', '/docs']
  await client.send(asked.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  const sizes: [number, number][] = []
  for (const _ of asked) {
    const { status, body } = await client.response('GET', 20_000)
    sizes.push([status, body.length])
  }
  client.destroy()
  expect(sizes.slice(0, 4)).toEqual([
    [200, 8 << 20],
    [200, script.length],
    [404, 14],
    [200, 8 << 20],
  ])
  expect(sizes[4]![0]).toBe(301)
}, 30_000)

test('a switched release is served at once, also beyond the cache', async () => {
  const releases = mkdtempSync(join(tmpdir(), 'releases-'))
  for (const release of ['1', '2']) {
    mkdirSync(join(releases, release))
    writeFileSync(join(releases, release, 'large.bin'), Buffer.alloc(200_000, release))
  }
  const current = join(releases, 'current')
  symlinkSync('1', current)
  const site = await startMyriad(current)
  for (const release of ['1', '2', '1', '2']) {
    symlinkSync(release, join(releases, 'next'))
    renameSync(join(releases, 'next'), current)
    const body = await (await fetch(`${site.url}/large.bin`)).text()
    expect([body.length, body[0]]).toEqual([200_000, release])
  }
  await site.stop()
  rmSync(releases, { recursive: true })
}, 30_000)
