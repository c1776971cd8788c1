import type { ServiceEndpoint } from "@kubehop/routing";

/** A draw of nft: a number below `modulus`, and which of them each endpoint has. */
export interface Numgen {
  readonly modulus: number;
  readonly ranges: readonly { readonly endpoint: ServiceEndpoint; readonly numbers: string }[];
}

/**
 * Gives each endpoint as many numbers as it weighs, after dividing all weights by what they have in
 * common. With equal weights each has one, which is upstream's `numgen random mod n`.
 */
export function numgenOf(endpoints: readonly ServiceEndpoint[]): Numgen {
  const common = endpoints.reduce((divisor, { weight }) => gcd(divisor, weight), 0);
  let modulus = 0;
  const ranges = endpoints.map((endpoint) => {
    const first = modulus;
    modulus += endpoint.weight / common;
    const last = modulus - 1;
    return { endpoint, numbers: first === last ? `${first}` : `${first}-${last}` };
  });
  return { modulus, ranges };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
