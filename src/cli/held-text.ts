/** How much of a hedge stands: `607`, `317 of 607`, `317 / -300 of 607` while its legs differ. */

export interface Held {
  /** Plain decimals of base units, as are the rest. */
  readonly planned: string;
  /** Signed, long positive. */
  readonly long: string;
  readonly short: string;
  /** One that has ended holds nothing: its planned size is told. */
  readonly isOver: boolean;
}

export function heldText({ planned, long, short, isOver }: Held): string {
  const isFlat = long === '0' && short === '0';
  if (isOver && isFlat) return planned;
  const isEven = isFlat || short === `-${long}`;
  const held = isEven ? long : `${long} / ${short}`;
  return held === planned ? held : `${held} of ${planned}`;
}
