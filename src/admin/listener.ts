// The control socket of a running Myriad: a unix socket in a private folder, so nothing of it is on any network.
import { makePrivate } from '../base/private-folder.ts'
import { forget, socketPath } from './folder.ts'
import { readPurgeAsked, type PurgeAsked, type PurgeOutcome } from './purge.ts'
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
  status(): Status
  /** `POST /purge`: done when it is answered. */
  purge(asked: PurgeAsked): PurgeOutcome
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
    fetch(request) {
      switch (new URL(request.url).pathname) {
        case '/status':
          return request.method === 'GET' ? Response.json(answers.status()) : wrongMethod('GET')
        case '/purge':
          return request.method === 'POST' ? purge(request, answers) : wrongMethod('POST')
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
  return asked === undefined ? new Response(null, { status: 400 }) : Response.json(answers.purge(asked))
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
