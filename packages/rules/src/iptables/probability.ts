import type { ServiceEndpoint } from "@kubehop/routing";

/** An endpoint with the chance that its rule takes a flow which came that far. */
export interface Chance {
  readonly endpoint: ServiceEndpoint;
  /** Text of `--probability`; absent for the last endpoint, which takes whatever is left. */
  readonly probability?: string;
}

/**
 * Rules are walked one after the other, so each endpoint takes weight / sum of the weights from it
 * to the last: the shares of all flows then are weight / sum of all weights. With equal weights
 * that is upstream's 1/n, 1/(n-1), …, 1/2.
 */
export function chancesOf(endpoints: readonly ServiceEndpoint[]): Chance[] {
  let rest = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  return endpoints.map((endpoint, index) => {
    const share = endpoint.weight / rest;
    rest -= endpoint.weight;
    if (index === endpoints.length - 1) return { endpoint };
    return { endpoint, probability: formatProbability(share) };
  });
}

/**
 * Go's `%0.10f`. toFixed differs in one thing: half-way it rounds up, Go to even. A number is
 * half-way between two of ten decimals only as an odd multiple of 1/2048.
 */
export function formatProbability(value: number): string {
  const rounded = value.toFixed(10);
  const halfWay = (value * 2_048) % 2 === 1;
  if (!halfWay) return rounded;
  const cut = value.toFixed(11).slice(0, -1);
  return Number(cut.at(-1)) % 2 === 0 ? cut : rounded;
}
