// Names that are recognised by their octets, so that no string is made of one that has been seen before: the parts of a
// table of a fixed number of slots, in which a name takes the place of the one that fell into its slot before it. A flood
// of invented names only makes reading slower.

/** The hash that readers compute octet by octet while they look for the end of a name; starts at 0. */
export function hashOctet(hash: number, octet: number): number {
  return (Math.imul(hash, 31) + octet) | 0
}

/** The slot of a name with this hash; `slots`, how many there are, is a power of two. */
export function slotOf(hash: number, slots: number): number {
  return (hash ^ (hash >>> 11)) & (slots - 1)
}

/** Whether `name` stands in `octets` from `from` to `to`. */
export function sameOctets(name: Uint8Array, octets: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false
  for (let i = 0; i < name.length; i++) if (name[i] !== octets[from + i]) return false
  return true
}
