/** Pearson's χ² of observed counts against expected shares (which need not add up to 1). */
export function chiSquare(observed: readonly number[], shares: readonly number[]): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  return observed.reduce((sum, count, index) => {
    const expected = (total * (shares[index] ?? 0)) / whole;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** The chance of a χ² at least this large with two degrees of freedom, when the shares are true. */
export function pValueWithTwoDegrees(chiSquared: number): number {
  return Math.exp(-chiSquared / 2);
}
