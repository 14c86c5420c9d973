/** Keeps a market data client from anything that is not a plain public read. */

const CREDENTIAL_HEADER = /(api|access)[-_]?(key|sign)|passphrase|authorization/i;
const CREDENTIAL_PARAM = /[?&](signature|sign|apiKey|api_key|listenKey)=/i;

/** Why a request of a market data client must not leave; undefined when it is a plain public read. */
export function publicOnly(method: string, url: URL, headers: Readonly<Record<string, string>>): string | undefined {
  if (method !== 'GET') return `${method} ${url.pathname} is not a public read`;
  const header = Object.keys(headers).find((name) => CREDENTIAL_HEADER.test(name));
  if (header !== undefined) return `${url.pathname} carries the credential header ${header}`;
  return CREDENTIAL_PARAM.test(url.search) ? `${url.pathname} is signed` : undefined;
}
