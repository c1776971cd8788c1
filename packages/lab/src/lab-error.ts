/** The lab cannot do what it was asked: what happened, and what to do next. */
export class LabError extends Error {
  override readonly name = "LabError";

  constructor(happened: string, next: string, options?: ErrorOptions) {
    super(`${happened}\n${next}`, options);
  }
}
