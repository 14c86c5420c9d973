/**
 * Repaints a text in place: home the cursor, write, clear what is left. No alternate screen, so the last picture stays
 * when the bot has stopped. Entry point: `startPainter`.
 */
import type { CancelTimer, Clock } from '../ports/clock.ts';

export interface PainterOptions {
  /** To the terminal; false when it takes nothing now. */
  write(text: string): boolean;
  /** Wall pace. */
  readonly clock: Clock;
  /** The picture now. */
  render(): string;
}

export interface Painter {
  /** Last picture, cursor back. May be called twice. */
  stop(): void;
}

/** Calm enough to read, fresh enough to trust. */
const EVERY_MS = 500;

const CLEAR = '\u001b[2J';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const BELOW = '\u001b[J';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** Paints now and then at most twice a second; what has not changed, and was taken, is not written again. */
export function startPainter({ write, clock, render }: PainterOptions): Painter {
  let last: string | undefined;
  let cancel: CancelTimer = () => undefined;
  let stopped = false;
  const paint = (): void => {
    const picture = render();
    if (picture === last) return;
    const isTaken = write(`${HOME}${picture.replaceAll('\n', `${REST_OF_LINE}\n`)}${REST_OF_LINE}${BELOW}`);
    last = isTaken ? picture : undefined;
  };
  const again = (): void => {
    paint();
    cancel = clock.after(EVERY_MS, again);
  };
  write(HIDE_CURSOR + CLEAR);
  again();
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      cancel();
      paint();
      write(`\n${SHOW_CURSOR}`);
    },
  };
}
