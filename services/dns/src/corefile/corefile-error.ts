/** Where a token stands in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong in a Corefile, with the place: `Corefile:12:5: unknown directive "x"`. */
export class CorefileError extends Error {
  override readonly name = "CorefileError";
  readonly position: Position;

  constructor(position: Position, text: string) {
    super(`${position.file}:${position.line}:${position.column}: ${text}`);
    this.position = position;
  }
}
