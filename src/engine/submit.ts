/** Attempts whose intents are durable, handed over to be sent. */
import { splitKey } from '../kernel/ids.ts';
import type { AttemptIntended } from '../ledger/facts.ts';
import { accountKey } from '../ledger/state.ts';
import type { Core } from './core.ts';

export function sendAttempts(core: Core, attempts: readonly AttemptIntended[]): void {
  for (const intent of attempts) {
    const account = accountKey(intent.route, splitKey(intent.key).venue);
    const watch = core.accounts.get(account);
    if (watch) watch.changes += 1;
    const { clientOrderId, key, side, quantity, limitPrice, style, reduceOnly } = intent;
    core.send({
      kind: 'submit',
      account,
      order: { clientOrderId, key, side, quantity, limitPrice, style, reduceOnly },
      urgency: reduceOnly ? 'reduce' : 'open',
    });
  }
}
