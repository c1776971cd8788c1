/** A command cannot do what it was asked: what happened, and what to do next. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(happened: string, next: string, exitCode = 1) {
    super(`${happened}\n${next}`);
    this.exitCode = exitCode;
  }
}
