// An address without the part that tells one visitor from his neighbours: the last octet of IPv4, all but the first 48
// bits of IPv6, which is what a customer of a network is given at least. Pure.

/** The network of an address, as an address; a text that is no address is left out whole. */
export function networkOf(address: string): string {
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(address)
  if (ipv4 !== null) return `${ipv4[1]}.0`
  if (!address.includes(':')) return ''
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length
    while (groups.length < 8 - behind && groups.length < 3) groups.push('0')
    if (groups.length < 3) groups.push(...tail.split(':'))
  }
  return `${groups.slice(0, 3).join(':')}::`
}
