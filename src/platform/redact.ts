/**
 * Keeps secrets out of text. Three nets, because each has holes: registered secret values wherever they appear, field
 * names that carry credentials, and credentials inside free text (signed URLs, headers, JSON in a message).
 * Entry point: `Redactor`.
 */

export const REDACTED = '[redacted]';
/** A shorter value would blank ordinary words; credential checks refuse such secrets anyway. */
const MIN_SECRET_LENGTH = 4;
/** A venue's HTML error page is not worth more than this many characters of log. */
const MAX_TEXT_LENGTH = 4_000;
const MAX_DEPTH = 12;

const NAMES =
  'x-mbx-apikey|x-bapi-(?:api-key|sign)|(?:ok-)?access-(?:key|sign|passphrase)|api[-_]?(?:key|secret)|' +
  'secret(?:[-_]?key)?|pass(?:phrase|word)|private[-_]?key|listen[-_]?key|(?:access|refresh)?[-_]?token|' +
  'client[-_]?secret|signature|sign|sig|cookie|authorization';
/** `name=value`, `name: value`, `"name":"value"`, also with escaped quotes. The value ends at a separator. */
const NAMED_VALUE = new RegExp(`(?<![a-z0-9])(${NAMES})(["'\\\\]*\\s*[:=]\\s*["'\\\\]*)([^\\s&"'\\\\,;)}\\]]+)`, 'gi');
const AUTH_SCHEME = /\b(bearer|basic|deri-hmac-sha256)\s+[\w+/=.,-]{12,}/gi;
const SECRET_FIELD =
  /(?:secret|passphrase|password|apikey|privatekey|secretkey|listenkey|accesskey|signature|token|cookie|authorization|^sign|accesssign|bapisign)$/;

/** Removes secrets from log records. Values stay registered for the life of the process. */
export class Redactor {
  readonly #values = new Set<string>();
  #longestFirst: readonly string[] = [];

  /** From now on `secret` never appears in output, plain or as it looks in URLs, JSON and base64. */
  register(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    const bytes = Buffer.from(secret);
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ];
    for (const form of forms) this.#values.add(form);
    // A secret may contain another; replacing the longer first leaves no remainder.
    this.#longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
  }

  /** One string without secrets, cut to a bounded length. */
  text(value: string): string {
    let clean = value;
    for (const secret of this.#longestFirst) if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
    clean = clean.replace(AUTH_SCHEME, `$1 ${REDACTED}`).replace(NAMED_VALUE, `$1$2${REDACTED}`);
    return clean.length > MAX_TEXT_LENGTH
      ? `${clean.slice(0, MAX_TEXT_LENGTH)} [+${clean.length - MAX_TEXT_LENGTH}]`
      : clean;
  }

  /** Plain JSON data without secrets: by field name at any depth, and every string and field name by `text`. */
  data(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) return '[too deep]';
    if (Array.isArray(value)) return value.map((item) => this.data(item, depth + 1));
    const clean: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      const hidden = isSecretField(name) && item !== null && item !== undefined;
      clean[this.text(name)] = hidden ? REDACTED : this.data(item, depth + 1);
    }
    return clean;
  }
}

/** Whether a field of this name carries a credential, in any of the usual spellings. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name.toLowerCase().replace(/[^a-z0-9]/g, ''));
}
