// Advice where pools of several users share one OPcache. It is one cache for all pools of a master: unless it is told to
// check, a script that one user's pool has cached runs in another's too, whatever the file's permissions say, and the
// functions of OPcache show and empty all of it. Pure.
import type { Advice } from './advice.ts'
import type { OpcacheOn } from './reading.ts'
import type { MasterReport } from './report.ts'

/** Advice on what pools of one master can see of one another. */
export function sharingAdvice(master: MasterReport, { settings }: OpcacheOn): readonly Advice[] {
  const about = { master: master.name, pool: undefined, weight: 'risk' as const }
  const known = master.pools.filter(({ account }) => account !== undefined)
  const users = new Set(known.map(({ account }) => account!.uid))
  const who = `pools of one master: ${master.pools.map(({ name, account }) => `${name} (${account?.name ?? 'user not known'})`).join(', ')}`
  const advice: Advice[] = []
  if (users.size > 1 && !settings.validatePermission) {
    advice.push({
      ...about,
      subject: 'opcache.validate_permission',
      lines: ['opcache.validate_permission = 1'],
      reason: 'a script that one user may not read runs in that user’s pool once another pool has cached it',
      readings: [who, 'validate_permission 0'],
    })
  }
  if (users.size > 1 && settings.restrictApi === '') {
    advice.push({
      ...about,
      subject: 'one master for several users',
      lines: [],
      reason:
        'each of them can list all cached scripts and empty the cache of the others: ' +
        'give each a master of its own, or allow OPcache’s functions to one folder (opcache.restrict_api)',
      readings: [who, 'restrict_api is empty'],
    })
  }
  const roots = new Set(master.pools.map(({ chroot }) => chroot ?? '/'))
  if (roots.size > 1 && !settings.validateRoot) {
    advice.push({
      ...about,
      subject: 'opcache.validate_root',
      lines: ['opcache.validate_root = 1'],
      reason: 'files of the same name in different roots are taken for one another',
      readings: [`roots of one master: ${[...roots].join(', ')}`, 'validate_root 0'],
    })
  }
  return advice
}
