// How many keys OPcache's table really has room for: `opcache.max_accelerated_files` is rounded up to the next prime of a
// table in PHP's source (ext/opcache/zend_accelerator_hash.c), and must lie from 200 to 1,000,000. Pure.

const primes = [
  5, 11, 19, 53, 107, 223, 463, 983, 1979, 3907, 7963, 16229, 32531, 65407, 130987, 262237, 524521, 1048793,
]

const settingMin = 200
const settingMax = 1_000_000

/** The room for keys that a setting gives. */
export function keysFor(maxAcceleratedFiles: number): number {
  const wanted = Math.min(Math.max(maxAcceleratedFiles, settingMin), settingMax)
  return primes.find((prime) => prime >= wanted)!
}

/** The setting that makes room for `keys` and is as large as the table is then; undefined when none does. */
export function settingFor(keys: number): number | undefined {
  const prime = primes.find((candidate) => candidate >= Math.max(keys, settingMin))
  return prime === undefined ? undefined : Math.min(prime, settingMax)
}
