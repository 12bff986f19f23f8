// Starts a program in this process's place, with descriptors that it keeps (execve(2)): the runtime's own call closes all.
import { libc, pointerTo } from './libc.ts'

const F_SETFD = 2

/** Does not return, unless it cannot be done. The first word is the path of the program. */
export function becomeAnew(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  kept: readonly number[],
): void {
  const c = libc()
  if (c === undefined) return
  for (const descriptor of kept) c.fcntl(descriptor, F_SETFD, 0)
  const settings = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  const [program, given] = [new TextList(words), new TextList(settings)]
  c.execve(program.first, program.at, given.at)
}

/** Texts as the kernel has them: each with a zero octet at its end, and a list of where they lie. */
class TextList {
  readonly #octets: Uint8Array
  readonly #places: BigUint64Array

  constructor(texts: readonly string[]) {
    const all = texts.map((text) => Buffer.from(`${text}\0`))
    // With buffers of their own: the engine moves the memory of short arrays that have none.
    this.#octets = new Uint8Array(new ArrayBuffer(all.reduce((sum, { length }) => sum + length, 1)))
    this.#places = new BigUint64Array(new ArrayBuffer(8 * (all.length + 1)))
    let end = 0
    for (const [i, octets] of all.entries()) {
      this.#octets.set(octets, end)
      this.#places[i] = BigInt(pointerTo(this.#octets)) + BigInt(end)
      end += octets.length
    }
  }

  get first(): ReturnType<typeof pointerTo> {
    return pointerTo(this.#octets)
  }

  get at(): ReturnType<typeof pointerTo> {
    return pointerTo(this.#places)
  }
}
