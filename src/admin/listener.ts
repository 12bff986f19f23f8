// The control socket of a running Myriad: a unix socket in a private folder, so nothing of it is on any network.
import { forget, makePrivate, socketPath } from './folder.ts'
import type { Status } from './status.ts'

/** A control socket that is being listened on. */
export interface AdminListener {
  readonly path: string
  stop(): void
}

/** Answers `GET /status` on this process's socket. Throws when the folder is not private or the socket not free. */
export function listenForAdmin(folder: string, pid: number, status: () => Status): AdminListener {
  makePrivate(folder)
  // Left behind by a process that had the same id and was killed.
  forget(folder, pid)
  const path = socketPath(folder, pid)
  const server = Bun.serve({
    unix: path,
    fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname !== '/status') return new Response(null, { status: 404 })
      if (request.method !== 'GET') return new Response(null, { status: 405, headers: { Allow: 'GET' } })
      return Response.json(status())
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
