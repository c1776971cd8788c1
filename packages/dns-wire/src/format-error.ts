/**
 * A message that is not DNS wire format, or a value that cannot be put into it. It is the only
 * error this package throws for bad input; the text says which part and why.
 */
export class FormatError extends Error {
  override readonly name = "FormatError";
}
