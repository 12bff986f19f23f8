// What an application writes to its error stream (FCGI_STDERR, §5.3 of FastCGI 1.0: PHP's warnings and fatal errors),
// as lines for Myriad's own, each with the name of the request. Limited in length, and without control characters: what
// a visitor sends can stand in them, and must not write lines of its own or speak to a terminal.

/** The longest line that is told; PHP's own limit (log_errors_max_len) is as long. */
const LINE_CHARS_MAX = 1024
/** How many lines one request may write. */
const LINES_MAX = 32

/** Takes a line, complete but for its end. */
export type TellError = (line: string) => void

/** The error streams of all requests to one application. */
export class ErrorLines {
  #id = ''
  #lines = 0

  /** `name`: what the application is called in front of each line. */
  constructor(
    private readonly name: string,
    private readonly tell: TellError,
  ) {}

  /** A piece of a request's error stream, which lies in `octets` from `from` to `to`. */
  add(id: string, octets: Buffer, from: number, to: number): void {
    // Requests seldom interleave here: PHP hands over its messages at once.
    if (id !== this.#id) {
      this.#id = id
      this.#lines = 0
    }
    for (const line of octets.toString('utf8', from, to).split(/[\r\n]+/)) {
      const text = printable(line)
      if (text === '') continue
      if (++this.#lines > LINES_MAX) return
      const rest = this.#lines === LINES_MAX ? ' (more is left out)' : ''
      this.tell(`${this.name} ${id}: ${shortened(text)}${rest}`)
    }
  }
}

function printable(line: string): string {
  // C0, DEL and C1, and what turns the direction of writing.
  // oxlint-disable-next-line no-control-regex
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim()
}

function shortened(text: string): string {
  return text.length <= LINE_CHARS_MAX ? text : `${text.slice(0, LINE_CHARS_MAX)}…`
}
