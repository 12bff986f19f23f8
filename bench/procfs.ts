// What Linux tells about processes in /proc (proc(5)): parsing, and sums over a tree of processes. Pure; process.ts
// reads the files.
//
// Left out: children that were handed to init when their parent died. None of the measured servers has any.

/** The part of /proc/PID/stat that is used here. */
export interface ProcessStat {
  readonly pid: number
  readonly parentPid: number
  /** User and system time, with that of children that have ended and been waited for. */
  readonly cpuTicks: number
}

/** Ticks per second in /proc: a constant of Linux's user-space interface. */
export const ticksPerSecond = 100

/** Reads one line of /proc/PID/stat. The command's name stands in brackets and may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat {
  const pid = Number.parseInt(text, 10)
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // proc(5) counts from 1 and the state, the first after the name, is field 3: utime is 14, cstime 17.
  const field = (number: number): number => Number(rest[number - 3])
  return { pid, parentPid: field(4), cpuTicks: field(14) + field(15) + field(16) + field(17) }
}

/** A process and all that descend from it. */
export function treeOf(rootPid: number, all: readonly ProcessStat[]): ProcessStat[] {
  const root = all.filter((stat) => stat.pid === rootPid)
  const tree = [...root]
  for (const parent of tree) tree.push(...all.filter((stat) => stat.parentPid === parent.pid))
  return tree
}

/** CPU seconds that a tree has used so far, with its children that have ended. */
export function treeCpuSeconds(rootPid: number, all: readonly ProcessStat[]): number {
  return treeOf(rootPid, all).reduce((sum, stat) => sum + stat.cpuTicks, 0) / ticksPerSecond
}

/** A line of /proc/PID/status that is given in kB (VmRSS, VmHWM), in bytes; 0 where the process has none. */
export function parseStatusBytes(text: string, name: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
  return match ? Number(match[1]) * 1024 : 0
}
