import type { ServiceEndpoint } from "@kubehop/routing";
import type { NftDraw } from "./command.ts";

/**
 * Gives each endpoint as many numbers as it weighs, after dividing all weights by what they have in
 * common. With equal weights each has one, which is upstream's `numgen random mod n`.
 */
export function drawOf<T>(
  endpoints: readonly ServiceEndpoint[],
  leadsTo: (endpoint: ServiceEndpoint) => T,
): NftDraw<T> {
  const common = endpoints.reduce((divisor, { weight }) => gcd(divisor, weight), 0);
  let modulus = 0;
  const shares = endpoints.map((endpoint) => {
    const first = modulus;
    modulus += endpoint.weight / common;
    return { first, last: modulus - 1, to: leadsTo(endpoint) };
  });
  return { modulus, shares };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
