/** Why the bot does not start, in words that an operator can act on. Not a bug. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  /** `not_armed`, `credentials`, `data_missing`, `data_malformed`, ... */
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}
