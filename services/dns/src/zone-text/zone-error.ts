/** A mistake in a zone file or in a record's text, with the line where there is one. */
export class ZoneError extends Error {
  override readonly name = "ZoneError";
}
