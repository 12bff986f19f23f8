// Reading /proc, and sums over a tree.
import { describe, expect, test } from 'bun:test'
import { parseStat, parseStatusBytes, treeCpuSeconds, treeOf } from './procfs.ts'

const line = (pid: number, name: string, parent: number, times: string): string =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194560 100 0 0 0 ${times} 20 0 1 0 1 2 3`

describe('parseStat', () => {
  test('adds user, system and the waited-for children', () => {
    expect(parseStat(line(42, 'nginx', 7, '100 20 3 4'))).toEqual({ pid: 42, parentPid: 7, cpuTicks: 127 })
  })

  test('is not misled by spaces and brackets in the name', () => {
    expect(parseStat(line(42, 'a) S 9 (b', 7, '1 2 0 0'))).toEqual({ pid: 42, parentPid: 7, cpuTicks: 3 })
  })

  test('reads what this kernel writes', async () => {
    const stat = parseStat(await Bun.file('/proc/self/stat').text())
    expect(stat.pid).toBe(process.pid)
    expect(stat.parentPid).toBe(process.ppid)
  })
})

describe('a tree', () => {
  const all = [
    { pid: 1, parentPid: 0, cpuTicks: 1000 },
    { pid: 10, parentPid: 1, cpuTicks: 100 },
    { pid: 12, parentPid: 11, cpuTicks: 7 },
    { pid: 11, parentPid: 10, cpuTicks: 50 },
    { pid: 20, parentPid: 1, cpuTicks: 9 },
  ]

  test('holds the root and all descendants, in whatever order they are listed', () => {
    expect(treeOf(10, all).map(({ pid }) => pid)).toEqual([10, 11, 12])
  })

  test('sums their time', () => {
    expect(treeCpuSeconds(10, all)).toBe(1.57)
  })

  test('of a process that is gone is empty', () => {
    expect(treeOf(99, all)).toEqual([])
  })
})

describe('parseStatusBytes', () => {
  const status = 'Name:\tnginx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t1\n'

  test('reads kilobytes', () => {
    expect(parseStatusBytes(status, 'VmRSS')).toBe(1024 * 1024)
    expect(parseStatusBytes(status, 'VmHWM')).toBe(2048 * 1024)
  })

  test('is 0 for a process without memory', () => {
    expect(parseStatusBytes('Name:\tkthreadd\n', 'VmRSS')).toBe(0)
  })
})
