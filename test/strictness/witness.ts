// The origins that the corpus is sent to, and what each of them has seen. The raw origin vouches for canonical
// bytes; nginx, Node and php-fpm are readers that many sites have behind their gateway.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild, untilListening } from '../../testing/child.ts'
import { freePort } from '../../testing/free-port.ts'
import { startPhpFpm } from '../../testing/php-fpm.ts'
import { startRawOrigin } from '../../testing/raw-origin.ts'

/** A request as an origin understood it. */
export interface Sighting {
  readonly method: string
  readonly target: string
  /** Whether the body arrived whole; undefined where the origin does not tell. */
  readonly whole?: boolean
  /** Undefined where the origin does not tell. */
  readonly body?: string
  /** By lower-case name, trailers as `trailer:name`; undefined where the origin does not tell. */
  readonly fields?: Readonly<Record<string, string>>
}

/** What one origin saw between two questions. */
export interface Testimony {
  readonly sightings: readonly Sighting[]
  /** What it took for no request, in words. */
  readonly complaints: readonly string[]
}

/** An origin that remembers. */
export interface Witness {
  readonly name: string
  readonly url: string
  /** How it stands in a configuration, where it is not asked by its URL. */
  readonly origin?: Readonly<Record<string, string>>
  /** Whether a target is not found in front of it already: a name in its root that is hidden. */
  hides?(target: string): boolean
  /** What it has seen since the last question; complete up to a request whose answer has been received. */
  testify(): Promise<Testimony>
  stop(): Promise<void>
}

export async function startRawWitness(): Promise<Witness> {
  const origin = await startRawOrigin()
  let requests = 0
  let problems = 0
  return {
    name: 'a recording origin',
    url: origin.url,
    async testify() {
      const sightings = await Promise.all(
        origin.requests.slice(requests).map(async (request): Promise<Sighting> => {
          const { method, target } = request
          const fields: Record<string, string> = {}
          for (const [name] of request.fields) fields[name.toLowerCase()] = request.field(name)!
          // A body that is not whole by now never will be: the answer to a later request has been received.
          const body = await Promise.race([request.body.catch(() => undefined), later()])
          for (const [name, value] of request.trailers) fields[`trailer:${name.toLowerCase()}`] = value
          const text = (body ?? request.received()).toString('latin1')
          return { method, target, fields, whole: body !== undefined, body: text }
        }),
      )
      const complaints = origin.problems.slice(problems)
      requests = origin.requests.length
      problems = origin.problems.length
      return { sightings, complaints }
    },
    stop: () => origin.stop(),
  }
}

/** Resolves after all promises that are settled by now. */
const later = (): Promise<undefined> => new Promise((resolve) => setImmediate(() => resolve(undefined)))

type NodeEvent =
  | { kind: 'head'; id: number; method: string; target: string; host?: string }
  | { kind: 'end'; id: number; body: string }
  | { kind: 'bad'; code: string }
  | { kind: 'listening'; port: number }

export async function startNodeWitness(): Promise<Witness> {
  const child = startChild(['node', join(import.meta.dir, '../../testing/node-origin.mjs')])
  const [, port] = await child.prints(/"port":(\d+)/)
  let read = child.printed().length
  let mark = 0
  return {
    name: "Node's server",
    url: `http://127.0.0.1:${port}`,
    async testify() {
      // What Node had printed when it answered the probe is all that it saw before.
      const probe = `/probe-${++mark}`
      await fetch(`http://127.0.0.1:${port}${probe}`)
      await child.prints(new RegExp(`"target":"${probe}"`))
      const text = child.printed().slice(read)
      const until = text.lastIndexOf('\n') + 1
      read += until
      const events = text
        .slice(0, until)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as NodeEvent)
      const sightings: Sighting[] = []
      const complaints: string[] = []
      for (const event of events) {
        if (event.kind === 'bad') complaints.push(`refused a request: ${event.code}`)
        if (event.kind !== 'head' || event.target.startsWith('/probe-')) continue
        const end = events.find((other) => other.kind === 'end' && other.id === event.id)
        const fields = event.host === undefined ? {} : { host: event.host }
        const { method, target } = event
        if (end?.kind === 'end') sightings.push({ method, target, fields, whole: true, body: end.body })
        else sightings.push({ method, target, fields, whole: false })
      }
      return { sightings, complaints }
    },
    stop: () => child.stop(),
  }
}

/** Whether nginx is installed. */
export const hasNginx = existsSync('/usr/sbin/nginx')

export async function startNginxWitness(): Promise<Witness> {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-nginx-'))
  const port = await freePort()
  const log = join(folder, 'seen.log')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 1024; }
     http {
       ${paths.join(' ')}
       log_format seen escape=json '{"method":"$request_method","target":"$request_uri","status":$status,"line":"$request"}';
       server {
         listen 127.0.0.1:${port};
         access_log ${log} seen;
         large_client_header_buffers 8 128k;
         client_max_body_size 0;
         keepalive_requests 100000;
         merge_slashes off;
         underscores_in_headers on;
         location / {
           add_header Cache-Control no-store;
           return 200 "seen $request_method $request_uri\\n";
         }
       }
     }`,
  )
  const child = startChild(['/usr/sbin/nginx', '-p', folder, '-c', join(folder, 'nginx.conf')])
  await untilListening(port, child)
  let read = 0
  let mark = 0
  return {
    name: 'nginx',
    url: `http://127.0.0.1:${port}`,
    async testify() {
      const probe = `/probe-${++mark}`
      await fetch(`http://127.0.0.1:${port}${probe}`)
      // nginx writes the line after the answer's last byte.
      for (;;) {
        if (readFileSync(log, 'latin1').includes(`"${probe}"`)) break
        await later()
      }
      const text = readFileSync(log, 'latin1').slice(read)
      const until = text.lastIndexOf('\n') + 1
      read += until
      const sightings: Sighting[] = []
      const complaints: string[] = []
      for (const line of text.slice(0, until).split('\n')) {
        if (line === '') continue
        const { method, target, status, line: first } = JSON.parse(line) as Record<string, string>
        if (target!.startsWith('/probe-')) continue
        if (method) sightings.push({ method, target: target! })
        else if (first !== '' || Number(status) >= 400)
          complaints.push(`refused a request: ${status} ${first}`)
      }
      return { sightings, complaints }
    },
    async stop() {
      await child.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A script that writes down what it was asked, and answers as the others do. */
const rememberingScript = `<?php
$fields = [];
foreach ($_SERVER as $name => $value)
  if (str_starts_with($name, 'HTTP_')) $fields[strtolower(strtr(substr($name, 5), '_', '-'))] = $value;
$body = file_get_contents('php://input');
$seen = ['method' => $_SERVER['REQUEST_METHOD'], 'target' => $_SERVER['REQUEST_URI'], 'body' => bin2hex($body), 'host' => $fields['host'] ?? null,
  'whole' => strlen($body) === (int) ($_SERVER['CONTENT_LENGTH'] ?? 0)];
file_put_contents(__DIR__ . '/../seen.log', json_encode($seen) . "\\n", FILE_APPEND | LOCK_EX);
header('Cache-Control: no-store');
header('Content-Type: text/plain');
if (!str_starts_with($seen['target'], '/probe-')) echo "seen {$seen['method']} {$seen['target']}\\n";
`

/** php-fpm with a script that answers everything; what is no script and no file reaches it as its front controller. */
export async function startPhpWitness(): Promise<Witness> {
  const fpm = await startPhpFpm({ files: { 'index.php': rememberingScript } })
  const log = join(fpm.root, '../seen.log')
  writeFileSync(log, '')
  let read = 0
  return {
    name: 'php-fpm',
    url: fpm.root,
    origin: { php: fpm.root, socket: fpm.socket },
    hides: (target) => /^\/\.(?!well-known)[^%/?]*(?:[/?]|$)/.test(target),
    testify() {
      // The script has written its line before its answer was complete.
      const text = readFileSync(log, 'latin1').slice(read)
      read += text.length
      const sightings = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): Sighting => {
          const { method, target, whole, body, host } = JSON.parse(line) as PhpSighting
          const octets = Buffer.from(body, 'hex').toString('latin1')
          return { method, target, whole, body: octets, fields: host === null ? {} : { host } }
        })
      return Promise.resolve({ sightings, complaints: [] })
    },
    stop: () => fpm.stop(),
  }
}

interface PhpSighting {
  readonly method: string
  readonly target: string
  readonly whole: boolean
  /** In hexadecimal digits. */
  readonly body: string
  readonly host: string | null
}
