// The URL of a request, put together as octets and made into a text once: it is the key by which every request is looked
// up, and a text that is put together of texts is made twice.

const octets = Buffer.allocUnsafeSlow(16_384)

/** Puts URLs together; remembers how the last one began, since most requests of a process name the same host. */
export class UrlText {
  #scheme = ''
  #authority = ''
  #beginning = Buffer.alloc(0)

  /** `scheme://authority` and the target that stands in `source` from `from` to `to`, in its normal form. */
  of(scheme: string, authority: string, source: Buffer, from: number, to: number): string {
    if (scheme !== this.#scheme || authority !== this.#authority) {
      this.#scheme = scheme
      this.#authority = authority
      this.#beginning = Buffer.from(`${scheme}://${authority}`, 'latin1')
    }
    const { length } = this.#beginning
    const bytes = length + to - from
    if (bytes > octets.length) return `${scheme}://${authority}${source.latin1Slice(from, to)}`
    this.#beginning.copy(octets, 0)
    source.copy(octets, length, from, to)
    return octets.latin1Slice(0, bytes)
  }
}
