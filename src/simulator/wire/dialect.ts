/** What a venue's wire dialect provides to the loopback server. One dialect instance serves one exchange model. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from '../exchange/api.ts';

export interface WireRequest {
  readonly method: string;
  /** Path without query, e.g. `/fapi/v1/order`. */
  readonly path: string;
  /** Raw query text without `?`, as signed. */
  readonly query: string;
  /** Raw body text, as signed. */
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface WireResponse {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One client's stream connection. */
export interface WireStream {
  /** Raw text frame from the client. */
  receive(frame: string): void;
  closed(): void;
}

export interface WireSocket {
  send(frame: string): void;
  close(code: number, reason: string): void;
}

export interface WireDialect {
  handle(request: WireRequest): WireResponse;
  /** A new stream on `path` (with query); undefined refuses the upgrade with 404. */
  connect(path: string, socket: WireSocket): WireStream | undefined;
  /** The client has moved: what is counted by address begins anew, as for a process on another machine. */
  changeAddress?(): void;
  /** Drops listeners on the exchange. */
  close(): void;
}

export interface ApiCredentials {
  readonly apiKey: string;
  readonly secret: string;
  /** OKX only. */
  readonly passphrase?: string;
  /** Account of the exchange model that the key trades on. */
  readonly account: string;
  /** Whether the key may withdraw; default no. The model has nothing to withdraw to. */
  readonly withdraw?: boolean;
  /** Addresses that the key is restricted to; default none: it works from everywhere. Not enforced. */
  readonly ips?: readonly string[];
}

export interface DialectOptions {
  readonly exchange: Exchange;
  readonly credentials: readonly ApiCredentials[];
}
