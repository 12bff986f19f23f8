// What the machine gives: cores and memory, and the limits of the container or service that Myriad runs in (Linux control
// groups, versions 1 and 2). Elsewhere: what the system says.
import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'

/** Cores and memory that this process may use. */
export function machineSize(): { readonly cores: number; readonly memoryBytes: number } {
  const limit = memoryLimit(textOf('/proc/self/cgroup'), textOf)
  return { cores: availableParallelism(), memoryBytes: Math.min(totalmem(), limit ?? Infinity) }
}

/**
 * The least memory limit of the control groups that `membership` (the text of /proc/self/cgroup) names, each with its
 * ancestors; undefined when there is none. `read` gives the text of a file, or undefined.
 */
export function memoryLimit(
  membership: string | undefined,
  read: (path: string) => string | undefined,
): number | undefined {
  const limits: number[] = []
  for (const line of (membership ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    const isV2 = controllers === ''
    if (!isV2 && !controllers.split(',').includes('memory')) continue
    const [root, name] = isV2
      ? ['/sys/fs/cgroup', 'memory.max']
      : ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes']
    for (let group = path; ; group = group.slice(0, group.lastIndexOf('/'))) {
      const text = read(`${root}${group === '/' ? '' : group}/${name}`)?.trim() ?? ''
      // 'max' in version 2, and a number near 2^63 in version 1, are no limit.
      if (/^\d{1,15}$/.test(text)) limits.push(Number(text))
      if (group === '' || group === '/') break
    }
  }
  return limits.length === 0 ? undefined : Math.min(...limits)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // No such group, or no control groups at all: then there is no limit.
    return undefined
  }
}
