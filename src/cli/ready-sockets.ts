// The sockets that are there when a site begins to be served: those of a service manager, and those of processes that go on
// without their supervisor.
import { socketFolder } from '../admin/folder.ts'
import type { Site } from '../config/site.ts'
import type { Tell } from '../logs/error-log.ts'
import { canShareSockets } from '../supervisor/descriptors.ts'
import { InheritedSockets, isSameAddress } from '../supervisor/inherited-sockets.ts'
import { internetAddressOf } from '../supervisor/listen-sockets.ts'
import type { Orphans } from '../supervisor/orphans.ts'
import { runtimeFolderNames } from '../supervisor/runtime-folder-name.ts'
import type { World } from './command.ts'

/** What there is, for a site's addresses. */
export interface ReadySockets {
  readonly inherited: InheritedSockets
  /** Those that some of them are taken over from, and that are to end. */
  readonly orphans: Orphans | undefined
}

/** Looks for them; rejects with an AddressError. */
export async function readySockets(site: Site, { timers }: World, tell: Tell): Promise<ReadySockets> {
  const inherited = new InheritedSockets()
  if (!canShareSockets()) return { inherited, orphans: undefined }
  const say = (line: string): void => tell('warning', line)
  inherited.takeHandedOver(process.env, process.pid, say)
  const fixed = site.listen.filter(({ port }) => port !== 0)
  const wanted = await Promise.all(
    fixed.map(async (address) => ({ address: await internetAddressOf(address), port: address.port })),
  )
  for (const { address, port } of inherited.kept)
    if (!wanted.some((each) => isSameAddress(each, { address, port })))
      say(`a socket was handed over for ${address} port ${port}, where the configuration does not listen`)
  const base = socketFolder()
  // What finds them is loaded where there may be some.
  if (runtimeFolderNames(base).length === 0) return { inherited, orphans: undefined }
  const { Orphans: Found } = await import('../supervisor/orphans.ts')
  const orphans = await Found.find(wanted, inherited, { base, timers, say })
  if (orphans.count > 0)
    tell('notice', `${orphans.count} processes without a supervisor hand their sockets over and end`)
  return { inherited, orphans }
}
