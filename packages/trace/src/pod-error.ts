/** A pod cannot be found, or not be asked: what happened, and what to do next. */
export class PodError extends Error {
  override readonly name = "PodError";
  /** What a command that fails with it ends with. */
  readonly exitCode: number;

  constructor(happened: string, next: string, exitCode = 1) {
    super(`${happened}\n${next}`);
    this.exitCode = exitCode;
  }
}
