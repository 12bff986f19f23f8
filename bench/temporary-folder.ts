// Folders for configurations, logs and caches that are gone afterwards, also when a run is broken off.
import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const present = new Set<TemporaryFolder>()
process.on('exit', () => {
  for (const folder of present) folder[Symbol.dispose]()
})

/** A new folder under the system's own for temporary files. Disposing of it removes it. */
export class TemporaryFolder implements Disposable {
  private constructor(readonly path: string) {
    present.add(this)
  }

  /** Creates a folder that all users can read: some servers give up root before they open their files. */
  static async create(): Promise<TemporaryFolder> {
    const path = await mkdtemp(join(tmpdir(), 'myriad-bench-'))
    await chmod(path, 0o755)
    return new TemporaryFolder(path)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
    present.delete(this)
  }
}
