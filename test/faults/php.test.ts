// php-fpm away, full, killed within an answer, and scripts whose answers are none; and what goes on meanwhile.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { detail } from '../../testing/cache-status.ts'
import { startFastCgi } from '../../testing/fastcgi.ts'
import { cached, type Config, type Myriad, startMyriad } from '../../testing/myriad.ts'
import { hasPhpFpm, type PhpFpm, type PhpFpmOptions, startPhpFpm } from '../../testing/php-fpm.ts'
import { RawClient, type RawResponse } from '../../testing/raw-client.ts'
import { type Asked, request } from '../../testing/site.ts'
import { within } from '../../testing/within.ts'

const files = {
  'hello.php': `<?php header('Cache-Control: no-store'); echo 'hello';`,
  'page.php': `<?php header('Cache-Control: max-age=1, stale-if-error=600'); echo 'page';`,
  'killed.php': `<?php header('Content-Length: 100'); echo 'half'; flush(); posix_kill(getmypid(), 9);`,
  'unsent.php': `<?php posix_kill(getmypid(), 9);`,
  'status.php': `<?php header('Status: garbage');`,
  'status-low.php': `<?php header('Status: 101 Switching');`,
  'name.php': `<?php header('No Name: a'); echo 'x';`,
  'fields.php': `<?php for ($i = 0; $i < 300; $i++) header("X-$i: a"); echo 'x';`,
  'fatal.php': `<?php error_log("one\\x1b[31m\\nmyriad: two"); nonsense();`,
  'hang.php': `<?php while (true) sleep(1);`,
  'wait.php': `<?php header('Cache-Control: no-store'); usleep((int) $_GET['ms'] * 1000); echo 'waited';`,
  'id.php': `<?php header('Cache-Control: no-store'); echo $_SERVER['REQUEST_ID']; error_log('seen');`,
  'large.php': `<?php header('Cache-Control: no-store'); for ($i = 0; $i < $_GET['mb'] * 16; $i++) echo str_repeat('x', 65536);`,
  'upload.php': `<?php header('Cache-Control: no-store'); $n = 0; $in = fopen('php://input', 'rb'); while (!feof($in)) $n += strlen(fread($in, 65536)); echo $n;`,
}

/** A Myriad in front of a php-fpm. */
class PhpRig implements AsyncDisposable {
  private constructor(
    readonly fpm: PhpFpm,
    readonly myriad: Myriad,
  ) {}

  static async start(origin: Config = {}, options: PhpFpmOptions = {}, more: Config = {}): Promise<PhpRig> {
    const fpm = await startPhpFpm({ files, ...options })
    const services = { site: { origin: { php: fpm.root, socket: fpm.socket, ...origin } } }
    return new PhpRig(fpm, await startMyriad('', { ...more, services }))
  }

  ask(path: string, asked: Asked = {}): Promise<RawResponse> {
    return askAt(this.myriad.port, path, asked)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.myriad.stop()
    await this.fpm.stop()
  }
}

async function askAt(port: number, path: string, asked: Asked = {}): Promise<RawResponse> {
  const client = await RawClient.connect(port)
  try {
    await client.send(request(path, asked))
    return await client.response(asked.method)
  } finally {
    client.destroy()
  }
}

describe.skipIf(!hasPhpFpm)('a script', () => {
  let rig: PhpRig
  beforeAll(async () => {
    rig = await PhpRig.start()
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  test.each(['/status.php', '/status-low.php', '/name.php', '/fields.php'])(
    'whose head is none is answered with 502: %s',
    async (path) => {
      const answer = await rig.ask(path)
      expect([answer.status, detail(answer)]).toEqual([502, 'origin-invalid'])
    },
  )

  test('that is killed before its answer: 502', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await rig.ask('/unsent.php', { method })
      expect([answer.status, detail(answer)]).toEqual([502, 'origin-closed'])
    }
  })

  test('that is killed within its answer breaks the answer off, and the next is served', async () => {
    const answer = await rig.ask('/killed.php')
    expect([answer.status, answer.end, answer.text()]).toEqual([200, 'cut', 'half'])
    expect((await rig.ask('/hello.php')).text()).toBe('hello')
  })

  test('that fails is told on standard error, by the name of its request, in lines of its own', async () => {
    expect((await rig.ask('/fatal.php')).status).toBe(500)
    await within(5_000, 'the message', rig.myriad.prints(/Call to undefined function nonsense/))
    const lines = rig.myriad.printed().split('\n')
    expect(lines.filter((line) => line.includes('two'))).toEqual([
      expect.stringMatching(/php [\w-]+: myriad: two/),
    ])
    expect(rig.myriad.printed()).not.toContain('\x1b')
    const id = (await rig.ask('/id.php')).text()
    await within(5_000, 'its message', rig.myriad.prints(new RegExp(`php ${id}: .*seen`)))
  })

  test('gets an upload of 1 GB, and sends as much, while memory stays where it is', async () => {
    await rig.ask('/hello.php')
    const before = memoryKb(rig.myriad.pid, 'VmRSS')
    // From here on the kernel counts the peak anew (proc(5)).
    writeFileSync(`/proc/${rig.myriad.pid}/clear_refs`, '5')
    const client = await RawClient.connect(rig.myriad.port)
    const bytes = 1 << 30
    const head = `POST /upload.php HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\nExpect: 100-continue\r\n\r\n`
    await client.send(head)
    const piece = Buffer.alloc(1 << 20, 'x')
    for (let sent = 0; sent < bytes; sent += piece.length) await client.send(piece)
    const answer = await client.response('POST', 20_000)
    expect([answer.status, answer.text(), answer.interim.length]).toEqual([200, String(bytes), 1])
    client.destroy()
    const response = await fetch(`${rig.myriad.url}/large.php?mb=1024`)
    let received = 0
    for await (const chunk of response.body!) received += chunk.length
    expect(received).toBe(bytes)
    expect(memoryKb(rig.myriad.pid, 'VmHWM') - before).toBeLessThan(64 << 10)
  }, 60_000)
})

/** A figure of a process's memory, in KB. */
function memoryKb(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(match?.[1])
}

describe.skipIf(!hasPhpFpm)('php-fpm', () => {
  test('that is not there: 502, or what is stored', async () => {
    const config = cached({ ttl: '1s', stale: '600s' })
    await using rig = await PhpRig.start({}, {}, config)
    expect((await rig.ask('/page.php')).status).toBe(200)
    await rig.fpm.child.stop()
    const missing = await rig.ask('/hello.php')
    expect([missing.status, detail(missing)]).toEqual([502, 'origin-refused'])
    const stale = await within(5_000, 'a stale answer', untilStale(rig))
    expect([stale.status, stale.text()]).toEqual([200, 'page'])
  })

  test('whose workers are all busy: the rest wait, and are answered in time', async () => {
    await using rig = await PhpRig.start({}, { pool: ['pm = static', 'pm.max_children = 2'] })
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.ask('/wait.php?ms=30')))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  })

  test('whose workers hang: 504, and they get the next request as soon as they are free', async () => {
    await using rig = await PhpRig.start(
      { firstByteTime: '300ms' },
      { pool: ['pm = static', 'pm.max_children = 1', 'request_terminate_timeout = 1s'] },
    )
    const answer = await rig.ask('/hang.php')
    expect([answer.status, detail(answer)]).toEqual([504, 'origin-timeout'])
    await within(10_000, 'a free worker', untilAnswered(rig, '/hello.php'))
  })

  test('whose queue is full: 503', async () => {
    await using rig = await PhpRig.start(
      { connectionsMax: 1, queueMax: 0 },
      { pool: ['pm = static', 'pm.max_children = 1'] },
    )
    const busy = rig.ask('/wait.php?ms=500')
    await rig.ask('/nothing.txt')
    const answer = await rig.ask('/hello.php')
    expect([answer.status, detail(answer)]).toEqual([503, 'origin-busy'])
    expect((await busy).status).toBe(200)
  })

  test('that takes no more connections: the rest wait here, as many as may; others get 503', async () => {
    // One worker that is busy, connections that wait for it, and no room for more.
    const pool = ['pm = static', 'pm.max_children = 1', 'listen.backlog = 1']
    for (const [queueMax, expected] of [
      [100, ['200 no-store']],
      [1, ['200 no-store', '503 origin-busy']],
    ] as const) {
      await using rig = await PhpRig.start({ queueMax }, { pool })
      const answers = await Promise.all(Array.from({ length: 8 }, () => rig.ask('/wait.php?ms=100')))
      expect([...new Set(answers.map((answer) => `${answer.status} ${detail(answer)}`))].toSorted()).toEqual([
        ...expected,
      ])
    }
  })

  test('whose workers serve two requests each: nothing is lost when they are replaced', async () => {
    await using rig = await PhpRig.start(
      {},
      { pool: ['pm = static', 'pm.max_children = 2', 'pm.max_requests = 2'] },
    )
    for (let i = 0; i < 20; i++) {
      const method = i % 2 === 0 ? 'GET' : 'POST'
      expect((await rig.ask('/hello.php', { method, body: 'a' })).status).toBe(200)
    }
  })

  test('is shared by two Myriads: neither keeps the other waiting', async () => {
    await using rig = await PhpRig.start({}, { pool: ['pm = static', 'pm.max_children = 2'] })
    const services = { site: { origin: { php: rig.fpm.root, socket: rig.fpm.socket } } }
    const other = await startMyriad('', { services })
    try {
      // The first one keeps both workers busy, one request after the other.
      const over = new AbortController()
      const crowd = Array.from({ length: 4 }, async () => {
        const client = await RawClient.connect(rig.myriad.port)
        while (!over.signal.aborted) {
          await client.send(request('/hello.php'))
          await client.response()
        }
        client.destroy()
      })
      for (let i = 0; i < 3; i++) {
        const answer = await within(3_000, 'an answer beside a crowd', askAt(other.port, '/hello.php'))
        expect(answer.text()).toBe('hello')
      }
      over.abort()
      await Promise.all(crowd)
    } finally {
      await other.stop()
    }
  })
})

test('an application that does not speak FastCGI: 502', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-fastcgi-'))
  const socket = join(folder, 'app.sock')
  const server = await startFastCgi(socket, (_, connection) => connection.write('HTTP/1.1 200 OK\r\n\r\n'))
  const front = join(folder, 'site')
  await Bun.write(join(front, 'index.php'), '')
  const myriad = await startMyriad('', { services: { site: { origin: { php: front, socket } } } })
  const answer = await askAt(myriad.port, '/')
  expect([answer.status, detail(answer)]).toEqual([502, 'origin-invalid'])
  await myriad.stop()
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function untilStale(rig: PhpRig): Promise<RawResponse> {
  for (;;) {
    const answer = await rig.ask('/page.php')
    if (detail(answer)?.startsWith('stale') === true) return answer
  }
}

async function untilAnswered(rig: PhpRig, path: string): Promise<void> {
  for (;;) if ((await rig.ask(path)).status === 200) return
}
