/** A half-open interval of offsets. */
export interface Band {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Splits a range: dynamic allocation takes the upper band first, so that numbers users choose
 * (mostly low ones) stay free as long as possible (KEP-3070, KEP-3668).
 */
export interface Bands {
  readonly lower: Band;
  readonly upper: Band;
}

/** How large the lower band is: size ÷ divisor, within limits; none for small ranges. */
export interface BandRule {
  /** Ranges up to this size have no lower band. */
  readonly smallest: bigint;
  readonly divisor: bigint;
  readonly least: bigint;
  readonly most: bigint;
}

/** Rule for cluster IPs: a /24 keeps 16, a /20 and all larger ones 256. */
export const ADDRESS_RULE: BandRule = { smallest: 16n, divisor: 16n, least: 16n, most: 256n };

/** Rule for node ports: 30000–32767 keeps 86. */
export const PORT_RULE: BandRule = { smallest: 16n, divisor: 32n, least: 16n, most: 128n };

/** The bands of `count` numbers from offset `start` on, for a range of `size` numbers in all. */
export function splitBands(start: bigint, count: bigint, size: bigint, rule: BandRule): Bands {
  const border = start + offsetOf(size, rule);
  const end = start + count;
  return { lower: { start, end: border }, upper: { start: border, end } };
}

function offsetOf(size: bigint, { smallest, divisor, least, most }: BandRule): bigint {
  if (size <= smallest) return 0n;
  const share = size / divisor;
  if (share < least) return least;
  return share > most ? most : share;
}

/**
 * The numbers of both bands in the order they are tried: the upper band from a random start round
 * to where it began, then the lower one likewise. `random` gives numbers in [0, 1).
 */
export function* candidates({ lower, upper }: Bands, random: () => number): Iterable<bigint> {
  for (const { start, end } of [upper, lower]) {
    const size = end - start;
    if (size <= 0n) continue;
    const first = randomBelow(size, random);
    for (let step = 0n; step < size; step += 1n) yield start + ((first + step) % size);
  }
}

/** A random number in [0, limit). One draw has 53 bits; wide IPv6 ranges take two. */
function randomBelow(limit: bigint, random: () => number): bigint {
  const draw = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
  const wide = (draw() << 96n) | (draw() << 64n) | (draw() << 32n) | draw();
  return (wide * limit) >> 128n;
}
