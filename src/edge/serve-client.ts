// Who asks on Bun.serve. The runtime tells the address by a call that costs more than half of what a hit does, so it is asked
// for only when somebody wants to know.
import type { Client } from '../request/reply.ts'
import type { TrustedPeers } from './trust.ts'

export class ServeClient implements Client {
  gateway?: NonNullable<Client['gateway']>
  #address: string | undefined

  constructor(
    private readonly request: Request,
    private readonly server: Pick<Bun.Server<undefined>, 'requestIP'>,
    private readonly peers: TrustedPeers,
  ) {}

  get address(): string {
    return (this.#address ??= this.server.requestIP(this.request)?.address ?? '')
  }

  get trusted(): boolean {
    return !this.peers.isEmpty && this.peers.has(this.address)
  }

  /** Asks for the address now: once the client has gone, nobody knows it. */
  settle(): void {
    void this.address
  }
}
