import { expect, test } from 'vitest';
import { duration, gain, inert, money, percent, table, widthOf } from '../../src/cli/format.ts';
import { startPainter } from '../../src/cli/painter.ts';
import { renderStatus } from '../../src/cli/screen.ts';
import type { HedgeStatus } from '../../src/engine/status.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { AT, discrepancy, heldHedge, opportunity, snapshot } from './fake-bot.ts';

const plain = { columns: 200, rows: 60, color: false };
const lines = (over = {}, options = plain): string[] => renderStatus(snapshot(over), options).split('\n');
const squeezed = (over = {}): string[] => lines(over).map((line) => line.replace(/ +/g, ' ').trim());

test('money is shown to the cent, grouped, and never as minus nothing', () => {
  expect(['0', '-0.00', '1234567.5', '-1234.50', '12.3'].map((text) => money(text))).toEqual([
    '0.00',
    '0.00',
    '1,234,567.50',
    '-1,234.50',
    '12.30',
  ]);
  expect([gain('0.00'), gain('3.10'), gain('-3.10'), gain(0.004), percent(-0.00001, 1)]).toEqual([
    '0.00',
    '+3.10',
    '-3.10',
    '0.00',
    '0.0 %',
  ]);
  expect([duration(1_000), duration(120_000), duration(5_400_000), duration(3 * 86_400_000)]).toEqual([
    '1 s',
    '2 min',
    '1.5 h',
    '3.0 d',
  ]);
});

test('fault-63-hostile-venue-text: nothing can move the cursor, recolour, hide or reorder', () => {
  expect(inert('a\u001b[2Jb\u0007\r\n\u009bc\u202edcba\u200b')).toBe('a [2Jb    c dcba ');
  const evil = '\u001b]0;owned\u0007\u001b[31mDOWN\r\n\u202e';
  const screen = renderStatus(
    snapshot({
      account: evil,
      hedges: [heldHedge({ state: evil, id: evil })],
      opportunities: [
        opportunity({ asset: evil, breaches: [{ rule: evil, limit: evil, actual: evil, detail: evil }] }),
      ],
      venues: [{ venue: evil, feed: 'down', feedReason: evil, malformed: 0, accounts: [] }],
      ledgerFailure: evil,
      config: { problems: [evil], waiting: [evil] },
      discrepancies: [discrepancy({ detail: evil })],
    }),
    { ...plain, notices: [evil], footer: evil },
  );
  expect(screen.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('a file that is not what runs is said on every look, with what a restart would do', () => {
  const problems = ['live.yaml:3:1 riks: there is no such key', 'live.yaml:9:1 x: there is no such key'];
  expect(squeezed({ config: { problems, waiting: [] } })).toContain(
    'CONFIG the file is not what runs: live.yaml:3:1 riks: there is no such key (and 1 more)',
  );
  expect(squeezed({ config: { problems: [], waiting: ['mode', 'ledger.path'] } })).toContain(
    'CONFIG waits for a restart: mode, ledger.path',
  );
  expect(lines().join('\n')).not.toContain('CONFIG');
});

test('the status says mode, simulated time, venues, hedges, refusal and routes', () => {
  const text = squeezed();
  expect(text[0]).toBe('SIM tandem · main · 2024-01-01 08:30:00Z simulated · start 4 · live share 25 %');
  expect(text).toContain('binance up live ready 99,981.22 50,000.00 12 s ago');
  expect(text).toContain('okx down none');
  expect(text).toContain('h3 ETH live bybit / okx 2.5 held 36.0 h +12.30 4.10 -1.05 +7.15 21.3 % 38 %');
  expect(text).toContain('BTC okx / binance 2.5 bps 8.2 % 12.4 h 0.80 live net_apr');
  expect(text).toContain(
    'Best refused: BTC long okx / short binance: net_apr 0.082, limit 0.1, short by 0.018 (net APR after all costs, fraction)',
  );
  expect(text).toContain('live 3 1 +22.30 14.10 -1.05 +7.15 12,345.60 1.8 bps +3.20');
  expect(text).toContain('paper 0 0 0.00 0.00 0.00 0.00 0.00 - 0.00');
});

test('a busy asset is not the news: the best pair that something else keeps out is', () => {
  const busy = [{ rule: 'busy_asset', limit: 'no hedge', actual: 'hedged', detail: 'ETH already has a hedge' }];
  const text = squeezed({ opportunities: [opportunity({ asset: 'ETH', netApr: 0.5, breaches: busy }), opportunity()] });
  expect(text.find((line) => line.startsWith('Best refused'))).toContain('BTC');
});

test('nor is a busy asset that some other rule would keep out as well', () => {
  const busy = { rule: 'busy_asset', limit: 'no hedge', actual: 'hedged', detail: 'ETH already has a hedge' } as const;
  const held = opportunity({ asset: 'ETH', netApr: 0.5, breaches: [...opportunity().breaches, busy] });
  const text = squeezed({ opportunities: [held, opportunity()] });
  expect(text.find((line) => line.startsWith('Best refused'))).toContain('BTC');
});

test('unknown-liquidation-is-not-safe: a leg without the venue’s figure is marked', () => {
  const shown = (liquidationDistance: HedgeStatus['liquidationDistance']): string =>
    squeezed({ hedges: [heldHedge({ liquidationDistance })] }).find((line) => line.startsWith('h3')) ?? '';
  expect(shown({})).toMatch(/21\.3 % \?$/);
  expect(shown({ short: 0.12 })).toMatch(/ 12 % \?$/);
  expect(shown({ long: 0.3, short: 0.12 })).toMatch(/ 12 %$/);
});

test('killed, paused, an unwritable ledger and a discrepancy stand out', () => {
  const text = squeezed({
    killed: true,
    paused: true,
    ledgerFailure: 'disk_full',
    discrepancies: [
      discrepancy({ detail: 'position of okx|BTC: ledger 1, venue 2' }),
      discrepancy({ id: 'b', detail: 'other' }),
    ],
  });
  expect(text).toContain('KILLED nothing opens until: npx tandem kill --reset');
  expect(text).toContain('PAUSED nothing opens; what is open is managed to its end');
  expect(text).toContain('LEDGER cannot be written: disk_full');
  expect(text).toContain('LEDGER ≠ VENUE position of okx|BTC: ledger 1, venue 2 (and 1 more)');
});

test('no opportunity, no hedge, no break-even: said, not left blank', () => {
  const text = squeezed({ opportunities: [], hedges: [] });
  expect(text).toContain('Opportunities none priced yet');
  expect(text).toContain('Hedges none open');
  const { breakEvenHours: _, ...never } = opportunity();
  expect(squeezed({ opportunities: [never] })).toContain('BTC okx / binance 2.5 bps 8.2 % never 0.80 live net_apr');
});

test.each([
  { columns: 40, rows: 12 },
  { columns: 80, rows: 24 },
  { columns: 20, rows: 3 },
])('a small terminal is never exceeded, and its last lines stay: $columns x $rows', (size) => {
  const many = {
    hedges: Array.from({ length: 30 }, (_, i) => heldHedge({ id: `h${i}`, asset: '币安人生' })),
    opportunities: Array.from({ length: 40 }, () => opportunity({ asset: '币安人生' })),
  };
  const text = lines(many, { ...plain, ...size, notices: ['warn'], footer: 'Ctrl-C' } as typeof plain);
  expect(text.length).toBeLessThanOrEqual(size.rows);
  for (const line of text) expect(widthOf(line)).toBeLessThanOrEqual(size.columns);
  expect(text.slice(-2)).toEqual(['warn', 'Ctrl-C']);
});

test('24 x 80: both routes and the refusal stay in sight however much is open', () => {
  const text = renderStatus(
    snapshot({
      hedges: Array.from({ length: 9 }, (_, i) => heldHedge({ id: `h${i}` })),
      opportunities: Array.from({ length: 40 }, () => opportunity()),
    }),
    { columns: 80, rows: 24, color: false, notices: ['n'], footer: 'f' },
  ).split('\n');
  expect(text.length).toBeLessThanOrEqual(24);
  for (const start of ['Hedges', 'h0', 'Opportunities', 'BTC', 'Best refused', 'live ', 'paper ', 'n', 'f'])
    expect(
      text.some((line) => line.startsWith(start)),
      start,
    ).toBe(true);
  expect(text.filter((line) => line.includes('more'))).toHaveLength(2);
});

test('colour only when asked for; the words are the same', () => {
  const coloured = renderStatus(snapshot(), { ...plain, color: true });
  expect(coloured).toContain('\u001b[');
  const bare = coloured
    .split('\u001b')
    .map((part, i) => (i === 0 ? part : part.replace(/^\[[\d;]*m/, '')))
    .join('');
  expect(bare.split('\n').map((line) => line.trimEnd())).toEqual(lines());
});

test('wide and combining characters are counted as the terminal shows them', () => {
  expect([widthOf('BTC'), widthOf('币安'), widthOf('e\u0301')]).toEqual([3, 4, 1]);
  expect(table([{ title: 'a' }, { title: 'b' }], [['币', 'x']])).toEqual(['a   b', '币  x']);
});

test('the painter rewrites in place at most twice a second and gives the cursor back', () => {
  const due: { at: number; fire: () => void }[] = [];
  const clock: Clock = {
    now: () => AT,
    monotonicMs: () => 0,
    after: (at, fire) => {
      const entry = { at, fire };
      due.push(entry);
      return () => void due.splice(due.indexOf(entry), 1);
    },
  };
  let written = '';
  let picture = 'one\ntwo';
  let takes = true;
  const write = (text: string): boolean => {
    if (takes) written += text;
    return takes;
  };
  const painter = startPainter({ clock, render: () => picture, write });
  expect(written).toBe('\u001b[?25l\u001b[2J\u001b[Hone\u001b[K\ntwo\u001b[K\u001b[J');
  written = '';
  const [timer] = due.splice(0);
  expect(timer?.at).toBeGreaterThanOrEqual(500);
  timer?.fire();
  expect(written).toBe('');
  picture = 'three';
  due.splice(0)[0]?.fire();
  expect(written).toBe('\u001b[Hthree\u001b[K\u001b[J');
  written = '';
  // What the terminal did not take is painted as soon as it does, changed or not.
  takes = false;
  picture = 'four';
  due.splice(0)[0]?.fire();
  takes = true;
  due.splice(0)[0]?.fire();
  expect(written).toBe('\u001b[Hfour\u001b[K\u001b[J');
  written = '';
  painter.stop();
  painter.stop();
  expect(written).toBe('\n\u001b[?25h');
  expect(due).toEqual([]);
});

test('narrow: on 80 columns what a hedge has made and how far it is from liquidation stay, and no row is cut', () => {
  const narrow = renderStatus(snapshot(), { columns: 80, rows: 60, color: false }).split('\n');
  const [titles = '', row = ''] = narrow.slice(narrow.findIndex((line) => line.startsWith('Hedges')));
  for (const title of ['state', 'net', 'ahead', 'to liq.']) expect(titles).toContain(title);
  expect(titles).not.toContain('quantity');
  expect(row).toMatch(/%$/);
  expect(row).not.toContain('…');
  const opportunities = narrow[narrow.findIndex((line) => line.startsWith('Opportunities'))] ?? '';
  expect(opportunities).toMatch(/net APR.*verdict/);
  const routes = narrow[narrow.findIndex((line) => line.startsWith('Route'))] ?? '';
  expect(routes).toMatch(/net.*today$/);
  const wide = renderStatus(snapshot(), { columns: 200, rows: 60, color: false });
  for (const title of ['quantity', 'fees', 'conf.', 'turnover']) expect(wide).toContain(title);
});
