/** Seeds that once failed, each with what it found. Others that they mean, once the plan of worlds has changed, are as good. */
export interface Regression {
  readonly seed: number;
  /** Of a dense world. */
  readonly dense?: true;
  readonly found: string;
}

export const REGRESSIONS: readonly Regression[] = [
  {
    seed: 22,
    found: 'fault-39: a book that waited while the process was stopped counted as fresh for the next resting order',
  },
  {
    seed: 48,
    found: 'fault-48: a clock that went back while an exit order was unknown made the next one wait for hours',
  },
  {
    seed: 86,
    found: 'fault-55: an entry in parts went on after the limits had been lowered below it',
  },
  {
    seed: 308,
    found:
      'fault-28: an order called absent by a venue that told nothing was found only at the next timer, half an hour on',
  },
  {
    seed: 341,
    found: 'fault-18: a naked leg waited ten seconds because the attempts before, lost on the way, had been counted',
  },
  {
    seed: 602,
    found: 'fault-03: accepted after its absence was proven, its hedge over and the stream silent: nobody looked',
  },
  {
    seed: 661,
    found:
      'fault-20: an excess under the smallest order was quarantined at once, because the books were stale for a moment',
  },
  {
    seed: 872,
    found: 'fault-20: what had run out of attempts and turned out to be dust was never called dust',
  },
  {
    seed: 963,
    found: 'fault-48: a clock that went back made an old book young enough to complete a hedge on',
  },
  {
    seed: 1321,
    found: 'fault-22: a forced reduction that was listed together with the entry it reduced belonged to nobody',
  },
  {
    seed: 2133,
    found: 'fault-03: a reducing order that arrived late took the next hedge apart, and the books blamed the old one',
  },
  {
    seed: 3561,
    found: 'fault-03: a fill known late, averaged late, left the wallet cents away for as long as the next hedge stood',
  },
  {
    seed: 6082,
    found: 'fault-03: accepted after its hedge had ended during a reconciliation, which had broken the chain of polls',
  },
  {
    seed: 12022,
    found: 'fault-28: an order whose fill was booked was called absent, because lookups and positions agreed in a lie',
  },
  {
    seed: 20347,
    found: 'fault-42: all emergency orders were spent while the market was halted, and none was left when it opened',
  },
  {
    seed: 21528,
    found: 'fault-20: dust that was left when the attempts ran out was never called dust while it was naked',
  },
  {
    seed: 22261,
    found: 'fault-48: what a clock 47 minutes behind had stamped was old at once, and hardly looked at any more',
  },
  {
    seed: 28583,
    found:
      'fault-48: a clock that jumped while orders were being sent, and back before anybody looked, stopped the timer',
  },
  {
    seed: 56263,
    found: 'fault-23: what a human had sold before the hedge was entered, told late, was taken for a part of the hedge',
  },
  {
    seed: 71959,
    found: 'fault-20: an excess under the smallest order was left naked, though both legs could be closed whole',
  },
  {
    seed: 74378,
    found: 'fault-28: an entry was called absent by empty lists alone, and what liquidated it belonged to nobody',
  },
  {
    seed: 77286,
    found: 'fault-28: called absent by empty lists after a restart, its nameless fills were a stranger’s',
  },
  {
    seed: 83154,
    found: 'fault-48: a clock that went back by less than a second made a book young enough to complete on',
  },
  {
    seed: 97981,
    found: 'fault-42: an emergency order closed what another hedge had just entered, and was told before that entry',
  },
  {
    seed: 102112,
    found: 'fault-42: what a human bought after both exits had filled, which nothing could record, was reduced as ours',
  },
  {
    seed: 107563,
    found: 'fault-48: a clock that went back while an exit was unknown put the whole pause after its proof of absence',
  },
  {
    seed: 121508,
    found: 'fault-23: what a human’s opposite position hid was tried to be reduced hundreds of times, and refused',
  },
  {
    seed: 151795,
    found:
      'fault-28: an order called absent by empty lists had filled, and was looked for no sooner than with the next poll',
  },
  {
    seed: 155563,
    found: 'fault-19: what an exit delivered twice had closed was nobody’s, because the second entry was told after it',
  },
  {
    seed: 241733,
    found:
      'fault-48: a frame that was stamped just before the clock jumped and read after it seemed younger than it was',
  },
  {
    seed: 301923,
    found: 'fault-42: what an emergency order had closed belonged to nobody, because its entry had been called absent',
  },
  {
    seed: 272269,
    found:
      'fault-03: a reduction that came long after its proof of absence closed a human’s position, and was called the bot’s own',
  },
  {
    seed: 302617,
    found:
      'fault-39: a book that had waited in a stopped process was young by its arrival and by its stamp, and old by both',
  },
  {
    seed: 304883,
    found: 'fault-28: a naked leg that its venue denied was told as missing there, which counts as told',
  },
  {
    seed: 402626,
    found:
      'fault-23: a human’s trade beside an entry of unknown fate counted as perhaps its own for ten minutes, though its row named none',
  },
  {
    seed: 543359,
    found:
      'fault-42-human-before-our-entry: while the ledger could not be written, a human’s trade was taken for a part of our resting entry',
  },
  {
    seed: 558001,
    found:
      'fault-23: a human’s trade behind our exit was told before the exit’s fill and taken from the leg, which then went through zero and was bought back',
  },
  {
    seed: 628965,
    found:
      'fault-09: an order taken twice while the ledger could not be written: an emergency order’s fill was cut to what the leg held before the second’s fill was told',
  },
  {
    seed: 532401,
    found:
      'fault-28: a venue denied a position, the other leg followed and was naked: what is believed cannot be told, and the judge asked for it',
  },
  {
    seed: 1009908,
    found:
      'fault-14: a fill told after a later one of its leg: its gain lay in the cost of what stood, as the bot knew, and the judge compared the wallet alone',
  },
  {
    seed: 1035497,
    found:
      'fault-42-naked-before-it-is-read: an entry called absent was accepted after an emergency, before its accounts could be read: nobody was told that it was naked',
  },
  {
    seed: 1135863,
    found:
      'fault-42-taken-twice: while the ledger could not be written, the second fill of an entry that was taken twice was called a stranger’s, and an emergency order enlarged the net',
  },
  {
    seed: 5626,
    dense: true,
    found:
      'fault-28-positions-unread: an entry called absent was accepted during maintenance; the venue’s books were back before its positions, and another asset was opened there beyond the limit',
  },
  {
    seed: 320823,
    dense: true,
    found:
      'fault-42-both-taken-twice: while the ledger could not be written both entries were taken twice; one stream told, the other was silent, and an emergency order made the equal legs naked',
  },
  {
    seed: 1610326,
    found: 'fault-35-never-answered: an order that was sent and never answered could not be accepted as never placed',
  },
  {
    seed: 1743242,
    found: 'fault-39-stall: a process that had stood still for 84 s priced an exit by the books from before',
  },
  {
    seed: 1743959,
    found:
      'fault-29-agreed-again: a leg was left naked for minutes because of a difference that positions no longer showed, while fills could not be read',
  },
  {
    seed: 1840981,
    found:
      'fault-39-untimed: a process that had stood still for 77 s, while nothing of its own was due, priced an exit by the books from before',
  },
  {
    seed: 1984079,
    found:
      'fault-03-risen: accepted after its absence was proven, a resting order filled an hour later beside a silent stream',
  },
  {
    seed: 1985961,
    found:
      'fault-39-up-first: after a stall a feed that was told to be back, or gone, had an exit priced before the books behind it were heard',
  },
  {
    seed: 2119797,
    found:
      'fault-09-twice-after-its-fill: a request that was delivered again after its order had filled left a second one resting, and the fill of the first was taken for its end',
  },
];
