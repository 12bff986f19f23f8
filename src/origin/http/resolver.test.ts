// The addresses of a name, asked again when they are old.
import { expect, test } from 'bun:test'
import { Resolver } from './resolver.ts'

class Names {
  nowMs = 0
  asked = 0
  answer: readonly string[] | Error = ['192.0.2.1']
  readonly resolver = new Resolver(
    'a.test',
    1000,
    () => this.nowMs,
    async (name) => {
      expect(name).toBe('a.test')
      this.asked++
      if (this.answer instanceof Error) throw this.answer
      return this.answer
    },
  )
}

test('a name is asked once while its addresses are young, however many want to know', async () => {
  const names = new Names()
  const first = names.resolver.addresses()
  expect(await Promise.all([first, names.resolver.addresses()])).toEqual([['192.0.2.1'], ['192.0.2.1']])
  names.nowMs = 999
  expect(names.resolver.addresses()).toEqual(['192.0.2.1'])
  expect(names.asked).toBe(1)
})

test('an origin that moves is followed; meanwhile the old addresses serve', async () => {
  const names = new Names()
  await names.resolver.addresses()
  names.nowMs = 1000
  names.answer = ['192.0.2.2']
  expect(names.resolver.addresses()).toEqual(['192.0.2.1'])
  await Promise.resolve()
  await Promise.resolve()
  expect(names.resolver.addresses()).toEqual(['192.0.2.2'])
  expect(names.asked).toBe(2)
})

test('a question that fails leaves the old addresses, and is asked again', async () => {
  const names = new Names()
  await names.resolver.addresses()
  for (const answer of [new Error('no answer'), []]) {
    names.nowMs += 1000
    names.answer = answer
    const before = names.asked
    expect(names.resolver.addresses()).toEqual(['192.0.2.1'])
    await new Promise((resolve) => setImmediate(resolve))
    expect(names.resolver.addresses()).toEqual(['192.0.2.1'])
    expect(names.asked).toBe(before + 2)
    await new Promise((resolve) => setImmediate(resolve))
  }
})

test('a name without any address is a failure, until it has one', async () => {
  const names = new Names()
  names.answer = []
  expect(names.resolver.addresses()).rejects.toThrow("'a.test' has no address")
  await new Promise((resolve) => setImmediate(resolve))
  names.answer = ['192.0.2.1']
  expect(await names.resolver.addresses()).toEqual(['192.0.2.1'])
})

test('an address that did not answer goes last', async () => {
  const names = new Names()
  names.answer = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
  await names.resolver.addresses()
  names.resolver.failed()
  expect(names.resolver.addresses()).toEqual(['192.0.2.2', '192.0.2.3', '192.0.2.1'])
  names.resolver.failed()
  names.resolver.failed()
  expect(names.resolver.addresses()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
})

test('an address is no name to be asked for', () => {
  for (const address of ['127.0.0.1', '::1']) {
    const resolver = new Resolver(
      address,
      1000,
      () => 1e12,
      () => Promise.reject(new Error('asked')),
    )
    expect(resolver.addresses()).toEqual([address])
  }
})
