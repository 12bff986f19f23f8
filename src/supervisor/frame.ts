// How the processes of one Myriad write messages to one another: a head of five octets (the version of this protocol, and
// the length of what follows, big-endian) and JSON. Pure; `link.ts` has the sockets.
//
// The peers are processes of the same user in a folder of that user alone, but maybe of another version of the program
// (an upgrade on the disk): what does not fit is told apart from what is broken.

/** Raised with every change that an older program would misread. */
export const PROTOCOL = 1

/** A configuration is the longest message. */
export const MESSAGE_BYTES_MAX = 16 << 20

const HEAD_BYTES = 5

/** What cannot be read; the link that it came by is of no use any more. */
export class FrameError extends Error {
  override name = 'FrameError'
}

/** A message as octets. */
export function frame(message: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(message))
  if (text.length > MESSAGE_BYTES_MAX) throw new FrameError(`a message of ${text.length} bytes is too long`)
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head[0] = PROTOCOL
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, text])
}

/** Reads messages from octets in whatever pieces they come. */
export class FrameReader {
  #pieces: Buffer[] = []
  #bytes = 0
  /** Bytes that are needed before it is worth looking. */
  #needed = HEAD_BYTES

  /** The messages that are complete with this piece; throws a FrameError. */
  push(piece: Buffer): unknown[] {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    const messages: unknown[] = []
    while (this.#bytes >= this.#needed) {
      const octets = Buffer.concat(this.#pieces)
      if (octets[0] !== PROTOCOL)
        throw new FrameError(
          `the other process speaks version ${octets[0]} of the protocol, this one ${PROTOCOL}`,
        )
      const length = octets.readUInt32BE(1)
      if (length > MESSAGE_BYTES_MAX) throw new FrameError(`a message of ${length} bytes is too long`)
      const end = HEAD_BYTES + length
      const isWhole = octets.length >= end
      if (isWhole) messages.push(parsed(octets.toString('utf8', HEAD_BYTES, end)))
      const rest = isWhole ? octets.subarray(end) : octets
      this.#pieces = [rest]
      this.#bytes = rest.length
      this.#needed = isWhole ? HEAD_BYTES : end
    }
    return messages
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FrameError('a message is not JSON', { cause })
  }
}
