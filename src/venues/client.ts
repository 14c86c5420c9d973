/**
 * The part of a ccxt client that this folder uses, as a structural type, so that only `connect.ts` touches ccxt.
 * Results are `unknown` on purpose: whatever comes back is parsed with zod.
 */
export interface CcxtClient {
  readonly id: string;
  urls: Record<string, unknown>;
  options: Record<string, unknown>;
  has: Record<string, unknown>;
  hostname: string | undefined;
  /** By unified symbol, once loaded. */
  markets: Readonly<Record<string, unknown>> | undefined;
  /** One signed or public request by ccxt's own path and access names; the parsed body. */
  request(path: string, access: string, method: string, params: Readonly<Record<string, unknown>>): Promise<unknown>;
  loadMarkets(reload: boolean): Promise<unknown>;
  /** Replaces what it knows of markets by these rows of its own. */
  setMarkets(markets: readonly unknown[]): unknown;
  /** The venue's time, as far as it is known. */
  milliseconds(): number;
  createOrder(
    symbol: string,
    type: 'limit',
    side: 'buy' | 'sell',
    amount: string,
    price: string,
    params: Readonly<Record<string, unknown>>,
  ): Promise<unknown>;
  cancelOrder(id: string | undefined, symbol: string, params: Readonly<Record<string, unknown>>): Promise<unknown>;
  watchOrders(): Promise<unknown>;
  watchMyTrades(): Promise<unknown>;
  setSandboxMode(enabled: boolean): void;
  enableDemoTrading(enabled: boolean): void;
  close(): Promise<unknown>;
}

/** What `connect.ts` replaces on an instance before its first use. ccxt calls each of these through `this`. */
export interface CcxtHooks {
  fetchImplementation: unknown;
  fetch2: (path: string, access: unknown, method: string, params: unknown, ...rest: unknown[]) => Promise<unknown>;
  handleMessage: (client: CcxtSocket, frame: unknown) => unknown;
  onConnected: (client: CcxtSocket) => void;
  amountToPrecision: (symbol: string, amount: string) => string;
  priceToPrecision: (symbol: string, price: string) => string;
  onError: (client: CcxtSocket, error: unknown) => void;
  onClose: (client: CcxtSocket, event: unknown) => void;
  milliseconds: () => number;
  seconds: () => number;
  log: (...parts: unknown[]) => void;
  loadHttpProxyAgent(): Promise<unknown>;
}

export interface CcxtSocket {
  readonly url: string;
  /** Real time of the last sign of life; ccxt closes the connection when it is too old. */
  lastPong?: number;
  /** The socket itself, of ccxt's ws. */
  readonly connection?: { on(event: 'pong', heard: () => void): unknown; terminate(): void };
}
