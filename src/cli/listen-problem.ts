// Why a site cannot be served, and what to do about it, in words: mostly an address that cannot be listened on.
import { messageOf } from '../base/thrown.ts'
import { AddressError } from '../supervisor/listen-sockets.ts'
import { NotServing } from '../supervisor/not-serving.ts'
import { ListenError } from './listeners.ts'

/** Undefined: the error is about something else. */
export function listenProblem(error: unknown): string | undefined {
  if (error instanceof NotServing) return error.message
  if (error instanceof AddressError) return text(error.address, error.code, error.code)
  if (!(error instanceof ListenError)) return undefined
  const { address, cause } = error
  const code = (cause as { code?: string } | undefined)?.code
  return text(address, code, messageOf(cause))
}

function text(address: AddressError['address'], code: string | undefined, message: string): string {
  const place = `port ${address.port} on ${address.hostname}`
  if (code === 'EADDRINUSE') return `${place} is in use by another program: choose another with --listen`
  if (code === 'EACCES') return `${place} may not be opened by this user: ports below 1024 need a privilege`
  if (code === 'EADDRNOTAVAIL') return `${address.hostname} is not an address of this machine`
  if (code === 'ENOTFOUND') return `${address.hostname} is no address, and no name that is known here`
  return `cannot listen on ${place}: ${message}`
}
