import { expect, test } from 'vitest';
import { heldText } from '../../src/cli/held-text.ts';
import { renderStatus } from '../../src/cli/screen.ts';
import { heldHedge, snapshot } from './fake-bot.ts';

test.each([
  ['607', '607', '-607', false, '607'],
  ['607', '317', '-317', false, '317 of 607'],
  ['607', '317', '-300.5', false, '317 / -300.5 of 607'],
  ['607', '607', '0', false, '607 / 0 of 607'],
  ['607', '0', '-5', false, '0 / -5 of 607'],
  ['607', '0', '0', false, '0 of 607'],
  ['607', '0', '0', true, '607'],
  // An order that rose again after the end.
  ['607', '0', '-607', true, '0 / -607 of 607'],
])('of %s planned, long %s and short %s', (planned, long, short, isOver, text) => {
  expect(heldText({ planned, long, short, isOver })).toBe(text);
});

test('the screen shows what stands, not what was planned', () => {
  const hedges = [heldHedge({ planned: '607', position: { long: '317', short: '-317' } })];
  const out = renderStatus(snapshot({ hedges }), { columns: 240, rows: 100, color: false, configFile: 'sim.yaml' });
  expect(out).toMatch(/h3 +ETH +live +bybit \/ okx +317 of 607 +held/);
});
