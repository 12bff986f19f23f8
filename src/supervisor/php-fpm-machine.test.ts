// The memory limit of a container, as both versions of control groups tell it.
import { expect, test } from 'bun:test'
import { machineSize, memoryLimit } from './php-fpm-machine.ts'

const files =
  (all: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    all[path]

test('version 2: the least of a group and its ancestors', () => {
  const read = files({
    '/sys/fs/cgroup/a/b/memory.max': 'max\n',
    '/sys/fs/cgroup/a/memory.max': '1073741824\n',
    '/sys/fs/cgroup/memory.max': '2147483648\n',
  })
  expect(memoryLimit('0::/a/b\n', read)).toBe(2 ** 30)
})

test('version 1: only the memory controller, and no limit is none', () => {
  const read = files({
    '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '536870912\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  })
  expect(memoryLimit('5:cpu,cpuacct:/x\n4:memory:/a\n', read)).toBe(2 ** 29)
  expect(memoryLimit('4:memory:/\n', read)).toBeUndefined()
})

test('no control groups, no limit', () => {
  expect(memoryLimit(undefined, files({}))).toBeUndefined()
  expect(memoryLimit('odd text', files({}))).toBeUndefined()
})

test('this machine has cores and memory', () => {
  const { cores, memoryBytes } = machineSize()
  expect(cores).toBeGreaterThan(0)
  expect(memoryBytes).toBeGreaterThan(2 ** 26)
})
