/** Something of a sealed bid that is not as it must be; `code` is one of the stable codes that the server and its command line use too. */
export class SealingError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "SealingError";
  }
}
