/**
 * Cuts stream connections that are open and say nothing: no frame, no pong. The peer is pinged by ccxt; its own check
 * compares wall-clock times, which jump. Entry point: `Liveness`.
 */
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { CcxtSocket } from './client.ts';

interface Life {
  heardAtMs: number;
  cancel: CancelTimer;
}

export class Liveness {
  readonly #clock: Clock;
  readonly #silentMs: number;
  readonly #lives = new Map<CcxtSocket, Life>();

  /** `clock`: real time. `silentMs`: at least twice the pause between pings. */
  constructor(clock: Clock, silentMs: number) {
    this.#clock = clock;
    this.#silentMs = silentMs;
  }

  opened(socket: CcxtSocket): void {
    this.gone(socket);
    socket.connection?.on('pong', () => this.heard(socket));
    this.#lives.set(socket, { heardAtMs: this.#clock.monotonicMs(), cancel: this.#check(socket, this.#silentMs) });
  }

  heard(socket: CcxtSocket): void {
    const life = this.#lives.get(socket);
    if (life !== undefined) life.heardAtMs = this.#clock.monotonicMs();
  }

  gone(socket: CcxtSocket): void {
    this.#lives.get(socket)?.cancel();
    this.#lives.delete(socket);
  }

  /** Ends every connection at once, without a closing handshake. */
  cut(): void {
    for (const socket of [...this.#lives.keys()]) {
      this.gone(socket);
      socket.connection?.terminate();
    }
  }

  #check(socket: CcxtSocket, afterMs: number): CancelTimer {
    return this.#clock.after(afterMs, () => {
      const life = this.#lives.get(socket);
      if (life === undefined) return;
      const silentMs = this.#clock.monotonicMs() - life.heardAtMs;
      if (silentMs < this.#silentMs) {
        life.cancel = this.#check(socket, this.#silentMs - silentMs);
        return;
      }
      this.#lives.delete(socket);
      // Without a closing handshake: nobody would answer it.
      socket.connection?.terminate();
    });
  }
}
