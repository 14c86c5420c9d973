/**
 * The faults that the bot must survive, each with what it must do. A test or a class of simulated faults proves one by
 * carrying `fault-NN` in its title or its definition; `page.ts` finds them. A fault in `AWAITED` has no proof yet.
 */

export interface Fault {
  readonly number: number;
  readonly group: 'Exchange' | 'Process' | 'Disk' | 'Clock' | 'Configuration and operator' | 'People and interfaces';
  readonly slug: string;
  readonly fault: string;
  readonly required: string;
}

type Row = readonly [slug: string, fault: string, required: string];

const EXCHANGE: readonly Row[] = [
  [
    'reply-lost',
    'The reply to an order is lost; the order was accepted and filled.',
    'The order is unknown until a lookup by its client id finds it; it is adopted once.',
  ],
  [
    'request-lost',
    'The reply is lost because the order never arrived.',
    'It counts as absent only by proof: validity over, spaced empty lookups, position explained.',
  ],
  [
    'accepted-after-absent',
    'An order is accepted after lookups had found nothing.',
    'The late order is adopted in whatever state the hedge is, and the hedge is balanced again.',
  ],
  ['unknown-error', 'The gateway says that the result is not known.', 'Unknown; the id is never sent again.'],
  [
    'service-unavailable',
    'The gateway says that it is unavailable.',
    'Refused where the venue documents that nothing was accepted, else unknown.',
  ],
  ['overload', 'The venue sheds load.', 'Nothing opens while it lasts; reductions go on.'],
  [
    'throttled-or-banned',
    'Too many requests, or the address is banned.',
    'The whole venue is left alone for a while; a reserve of requests stays for reductions.',
  ],
  ['unreadable-answer', 'A page or half a body answers an order.', 'Unknown.'],
  ['duplicate-id', 'The venue refuses an order because its id exists.', 'The existing order is looked up.'],
  [
    'not-found-after-ack',
    'A lookup does not find an order that was acknowledged moments ago.',
    'It is asked again; nothing is canceled or sent anew.',
  ],
  ['fill-before-ack', 'A fill is told before the acknowledgement.', 'It is joined to its order by the client id.'],
  ['duplicate-fill', 'A fill is told by the stream and by REST, or twice.', 'It is counted once.'],
  [
    'conflicting-fill',
    'One trade id comes with different data.',
    'The first version stands, the difference is stored and an alarm raised.',
  ],
  ['out-of-order', 'Order events arrive out of order or go back.', 'What is filled never goes back.'],
  ['fill-after-cancel', 'A fill is told after the order had ended.', 'It is booked and the hedge is balanced.'],
  [
    'partial-first-leg',
    'One leg fills in part.',
    'The other is brought to the same size: completed while cheap, else trimmed.',
  ],
  [
    'second-leg-refused',
    'The second leg is refused for margin.',
    'Half of it is tried once within its deadline and the first leg trimmed to that; else the first leg is unwound.',
  ],
  [
    'second-leg-unknown',
    'The fate of the second leg is unknown.',
    'Resolved by id, fills, then position. While its venue is silent: held, alarmed, nothing sent beside it.',
  ],
  ['overfill', 'More fills than was ordered.', 'It is booked as told and trimmed by a reduce-only order.'],
  ['dust', 'A remainder is under the least size of its venue.', 'It is merged or quarantined, never looped on.'],
  [
    'instrument-changed',
    'Tick, lot or contract size change.',
    'Listings are read again, and nothing is sized by the old ones.',
  ],
  [
    'forced-reduction',
    'Liquidation or deleveraging takes a part of a leg.',
    'The imbalance is seen at once and the other leg is reduced.',
  ],
  [
    'manual-trade',
    'A human trades on the account.',
    'Opening stops there until it is explained; nothing is adopted silently.',
  ],
  ['silent-stream', 'A stream is open and silent.', 'Data goes stale by a timer and opens nothing; REST is the truth.'],
  [
    'reconnect-gap',
    'Events are lost or repeated around a reconnect.',
    'The account is read again before anything opens.',
  ],
  ['bad-book', 'A book is crossed, empty or frozen.', 'No entry on it; exits only at bounded prices.'],
  [
    'funding-late',
    'A payment is late or revised, or the interval changes.',
    'Payments are booked by the venue’s id; the carry is computed again.',
  ],
  [
    'empty-positions',
    'The position list is empty with status 200.',
    'It is not believed to be flat without confirmation and the fills that explain it.',
  ],
  [
    'truncated-history',
    'History is cut at a page.',
    'Pages are read until one is short; a full page is an unknown answer.',
  ],
  ['venue-down', 'One venue is down while hedged.', 'Both legs are held, an alarm is raised, no exit goes naked.'],
  ['position-mode', 'The account is in two-sided position mode.', 'The account is refused before it trades.'],
  [
    'halted',
    'A market is halted or delisted.',
    'Nothing opens there. An open hedge keeps both legs and people are told every minute; after half an hour it is left as soon as both trade again. A position that the venue settles takes its partner along.',
  ],
];

const PROCESS: readonly Row[] = [
  ['sigkill', 'The process is killed at any step.', 'The next start comes to the same end.'],
  [
    'killed-in-recovery',
    'It is killed again while it recovers, repeatedly.',
    'Recovery can be begun any number of times.',
  ],
  ['killed-after-sigint', 'The supervisor kills it before a clean stop is over.', 'Safe without any clean stop.'],
  ['two-instances', 'A second process is started.', 'It ends before it trades.'],
  [
    'crash-loop',
    'The process crashes again and again.',
    'After a few starts in a short time nothing opens; reducing goes on.',
  ],
  [
    'stray-rejection',
    'An exception or rejection that nobody handles.',
    'The process ends at once; the next start recovers.',
  ],
  [
    'stalled',
    'The process stands still for longer than data and signatures last.',
    'What is old is not used; accounts are compared with the venues.',
  ],
  ['out-of-memory', 'Memory runs out.', 'Whatever waits is bounded; the end is that of a kill.'],
];

const DISK: readonly Row[] = [
  ['power-loss', 'A power loss takes what was not synced.', 'No order leaves before its intent is on the disk.'],
  [
    'disk-full',
    'A commit fails.',
    'Nothing is sent that is not recorded; trading goes on by itself when commits work again.',
  ],
  ['database-busy', 'The ledger is locked by another program.', 'A bounded wait, then the commit fails.'],
  ['torn-log', 'The end of the log is torn.', 'The last whole commit counts.'],
  [
    'corrupt-file',
    'The ledger is damaged.',
    'The start is refused and says what to do: a backup, or a new ledger beside the accounts.',
  ],
  [
    'old-backup',
    'An old copy of the ledger is put back.',
    'What the venues know beyond it is a discrepancy; nothing opens until it is explained.',
  ],
  [
    'failed-migration',
    'A migration fails, or the ledger is of a newer program.',
    'Rolled back whole with a copy kept; a newer ledger is refused.',
  ],
];

const CLOCK: readonly Row[] = [
  ['clock-jump', 'The wall clock jumps.', 'Durations go on by the monotonic clock.'],
  ['clock-skew', 'The clock is further off than the venue accepts.', 'It is measured again; nothing opens meanwhile.'],
  [
    'funding-boundary',
    'A settlement passes in the middle of an entry.',
    'What was held then is paid by the venue’s word; the hedge is judged by the new rates.',
  ],
  ['suspended', 'The machine is suspended and resumed.', 'As for a stalled process.'],
];

const OPERATOR: readonly Row[] = [
  [
    'bad-key',
    'A configuration key is unknown, not a number or negative.',
    'The start is refused with every problem at its line.',
  ],
  [
    'wrong-mode',
    'A live ledger or key in another mode, or the reverse.',
    'The ledger is refused at the start, the key by its venue: nothing is sent.',
  ],
  ['key-permissions', 'The API key may withdraw, or is not bound to an address.', 'Refused in mode live.'],
  [
    'limits-lowered',
    'A limit is lowered below what is open.',
    'Nothing more opens; what is open becomes smaller in steps, both legs together, and is not dumped.',
  ],
  ['key-revoked', 'The API key is revoked while a hedge is open.', 'Held and alarmed; never taken for flat.'],
  ['clean-install', 'An empty ledger meets open positions.', 'Nothing is adopted silently, and nothing opens there.'],
];

const PEOPLE: readonly Row[] = [
  ['double-close', 'A close is given twice.', 'One operation.'],
  ['stale-command', 'A command is about something that has changed.', 'It moves nothing and says so.'],
  [
    'panic-while-opening',
    'The kill switch during an entry.',
    'Orders in flight are resolved and what filled is unwound.',
  ],
  ['manual-close', 'A human closes one leg on the venue’s page.', 'It is seen, and the other leg is reduced.'],
  [
    'cross-site',
    'A web page or a rebound host sends commands.',
    'There is no port to reach; HTTP on the socket is refused and logged.',
  ],
  ['hostile-text', 'A symbol or an error carries control characters.', 'It is shown inert.'],
  ['flood', 'Status is asked without end.', 'The trading loop keeps its turns.'],
];

const GROUPS: readonly (readonly [Fault['group'], readonly Row[]])[] = [
  ['Exchange', EXCHANGE],
  ['Process', PROCESS],
  ['Disk', DISK],
  ['Clock', CLOCK],
  ['Configuration and operator', OPERATOR],
  ['People and interfaces', PEOPLE],
];

/** In order, numbered from 1. */
export const FAULTS: readonly Fault[] = GROUPS.flatMap(([group, rows]) => rows.map((row) => ({ group, row }))).map(
  ({ group, row: [slug, fault, required] }, i) => ({ number: i + 1, group, slug, fault, required }),
);

/** Numbers of faults that nothing proves yet; the test of the catalogue fails when this says too much or too little. */
export const AWAITED: readonly number[] = [];
