// The control socket of a running Myriad: a unix socket in a private folder, so nothing of it is on any network.
import { makePrivate } from '../base/private-folder.ts'
import { forget, socketPath } from './folder.ts'
import { readPurgeAsked, type PurgeAsked, type PurgeOutcome } from './purge.ts'
import type { ChangeOutcome } from './change.ts'
import type { Status } from './status.ts'

/** Questions and orders are short. */
const BODY_BYTES_MAX = 65_536

/** A control socket that is being listened on. */
export interface AdminListener {
  readonly path: string
  stop(): void
}

/** What a running Myriad can be asked. */
export interface AdminAnswers {
  /** `GET /status` */
  status(): Promise<Status>
  /** `POST /purge`: done when it is answered. */
  purge(asked: PurgeAsked): Promise<PurgeOutcome>
  /** `POST /reload`: the configuration is read anew, and served from when it is answered on. */
  reload(): Promise<ChangeOutcome>
  /** `POST /upgrade`: the program that now lies on the disk serves when it is answered. */
  upgrade(): Promise<ChangeOutcome>
}

/** Answers on this process's socket. Throws when the folder is not private or the socket not free. */
export function listenForAdmin(folder: string, pid: number, answers: AdminAnswers): AdminListener {
  makePrivate(folder)
  // Left behind by a process that had the same id and was killed.
  forget(folder, pid)
  const path = socketPath(folder, pid)
  const server = Bun.serve({
    unix: path,
    maxRequestBodySize: BODY_BYTES_MAX,
    fetch(request, self) {
      // An upgrade is answered when new processes have started; who asks has a limit of its own.
      self.timeout(request, 0)
      switch (new URL(request.url).pathname) {
        case '/status':
          return request.method === 'GET' ? told(answers.status()) : wrongMethod('GET')
        case '/purge':
          return request.method === 'POST' ? purge(request, answers) : wrongMethod('POST')
        case '/reload':
          return request.method === 'POST' ? told(answers.reload()) : wrongMethod('POST')
        case '/upgrade':
          return request.method === 'POST' ? told(answers.upgrade()) : wrongMethod('POST')
        default:
          return new Response(null, { status: 404 })
      }
    },
  })
  return {
    path,
    stop() {
      void server.stop(true)
      forget(folder, pid)
    },
  }
}

async function purge(request: Request, answers: AdminAnswers): Promise<Response> {
  const asked = readPurgeAsked(await json(request))
  return asked === undefined ? new Response(null, { status: 400 }) : await told(answers.purge(asked))
}

async function told(answer: Promise<unknown>): Promise<Response> {
  return Response.json(await answer)
}

async function json(request: Request): Promise<unknown> {
  try {
    return await request.json()
  } catch {
    // No JSON is no order that is known.
    return undefined
  }
}

function wrongMethod(allowed: string): Response {
  return new Response(null, { status: 405, headers: { Allow: allowed } })
}
