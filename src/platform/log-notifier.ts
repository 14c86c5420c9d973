/**
 * Alarms as log lines. One code and subject is written at most once a minute, and at once when it has become more
 * severe; the next line says how many were held back. Entry point: `logNotifier`.
 */
import { MINUTE_MS } from '../kernel/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { Alarm, Notifier } from '../ports/notifier.ts';
import type { Logger, LogLevel } from './logger.ts';

/** Beyond this many different alarms in one minute the oldest is forgotten, so it may repeat early. */
const MAX_TRACKED = 1_000;

const GRAVITY: Readonly<Record<Alarm['severity'], number>> = { info: 0, warning: 1, critical: 2 };
const LEVEL_OF: Readonly<Record<Alarm['severity'], LogLevel>> = { info: 'info', warning: 'warn', critical: 'error' };

interface Said {
  /** Monotonic, so that a wall-clock jump neither silences nor floods. */
  readonly atMs: number;
  readonly severity: Alarm['severity'];
  heldBack: number;
}

/** Never throws and never blocks beyond one log call. */
export function logNotifier(logger: Logger, clock: Clock): Notifier {
  // Insertion order is age order: an entry is re-inserted whenever its line is written.
  const said = new Map<string, Said>();
  return {
    notify(alarm) {
      const key = JSON.stringify([alarm.code, alarm.subject]);
      const nowMs = clock.monotonicMs();
      const last = said.get(key);
      const isGraver = last !== undefined && GRAVITY[alarm.severity] > GRAVITY[last.severity];
      if (last && !isGraver && nowMs - last.atMs < MINUTE_MS) {
        last.heldBack += 1;
        return;
      }
      said.delete(key);
      const { code, subject, severity, at } = alarm;
      said.set(key, { atMs: nowMs, severity, heldBack: 0 });
      const oldest = said.keys().next();
      if (said.size > MAX_TRACKED && !oldest.done) said.delete(oldest.value);
      const fields = { alarm: code, subject, severity, at, ...(last?.heldBack ? { heldBack: last.heldBack } : {}) };
      logger[LEVEL_OF[severity]](fields, alarm.detail);
    },
  };
}
