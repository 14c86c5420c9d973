/** The generator's assets: how each one moves and how deep its books are. Plausible orders of magnitude, not data. */

export interface AssetProfile {
  readonly asset: string;
  /** Quote per base where the generated history begins. */
  readonly initialPrice: number;
  /** Sensitivity to the common factor. */
  readonly beta: number;
  /** Annual volatility of the asset's own part, fraction. */
  readonly ownVol: number;
  /** Notional of one book level at the touch, USD. */
  readonly levelUsd: number;
  /** Calm half spread, fraction of mid. */
  readonly halfSpread: number;
  /** Multiplies the size of premium spikes: majors are arbitraged harder. */
  readonly premiumScale: number;
  /** Largest absolute funding rate per interval, fraction. */
  readonly rateCap: number;
}

/** Annual volatility of the common factor, fraction. */
export const FACTOR_VOL = 0.5;

type Row = [string, number, number, number, number, number, number, number];

// asset, price, beta, own vol, USD per level, half spread, premium scale, rate cap
const ROWS: readonly Row[] = [
  ['BTC', 62_000, 1.0, 0.1, 90_000, 0.00001, 0.4, 0.003],
  ['ETH', 3_200, 1.15, 0.25, 60_000, 0.00002, 0.5, 0.003],
  ['SOL', 150, 1.4, 0.5, 30_000, 0.00005, 0.8, 0.015],
  ['XRP', 0.55, 1.0, 0.5, 20_000, 0.0001, 0.8, 0.015],
  ['DOGE', 0.13, 1.4, 0.6, 18_000, 0.0001, 1.0, 0.02],
  ['ADA', 0.45, 1.2, 0.5, 12_000, 0.00012, 0.9, 0.02],
  ['AVAX', 30, 1.4, 0.55, 10_000, 0.0001, 1.0, 0.02],
  ['LINK', 15, 1.2, 0.5, 10_000, 0.0001, 0.9, 0.02],
  ['LTC', 80, 1.0, 0.4, 10_000, 0.0001, 0.9, 0.02],
  ['DOT', 6.5, 1.2, 0.45, 8_000, 0.00012, 1.0, 0.02],
  ['NEAR', 5.5, 1.5, 0.65, 8_000, 0.00014, 1.1, 0.02],
  ['APT', 9, 1.5, 0.7, 8_000, 0.00014, 1.1, 0.02],
];

export const assetProfiles: readonly AssetProfile[] = ROWS.map(
  ([asset, initialPrice, beta, ownVol, levelUsd, halfSpread, premiumScale, rateCap]) => ({
    asset,
    initialPrice,
    beta,
    ownVol,
    levelUsd,
    halfSpread,
    premiumScale,
    rateCap,
  }),
);
