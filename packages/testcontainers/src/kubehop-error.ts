/** The module cannot do what it was asked: what happened, and what to do next. */
export class KubehopError extends Error {
  override readonly name: string = "KubehopError";

  constructor(happened: string, next: string, options?: ErrorOptions) {
    super(`${happened}\n${next}`, options);
  }
}
