/** A process has ended before it accepted; it has told why itself. */
export class NotServing extends Error {
  override name = 'NotServing'
}
