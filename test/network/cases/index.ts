import type { NetworkCase } from "../support/case.ts";
import { affinityCases } from "./affinity.ts";
import { disruptionCases } from "./disruptions.ts";
import { recoveryCases } from "./recovery.ts";
import { spreadCases } from "./spreads.ts";
import { endpointCases } from "./endpoints.ts";
import { faultCases } from "./faults.ts";
import { granularCases } from "./granular.ts";
import { loadBalancerCases } from "./load-balancers.ts";
import { policyCases } from "./policies.ts";
import { readinessCases } from "./readiness.ts";
import { serviceCases } from "./services.ts";

/** Cases that leave each other alone. */
export const concurrentCases: readonly NetworkCase[] = [
  ...affinityCases,
  ...policyCases,
  ...readinessCases,
  ...loadBalancerCases,
  ...serviceCases,
  ...faultCases,
  ...endpointCases,
  ...granularCases,
];

/** Cases that stop, flood or change what the others use. */
export const disruptiveCases: readonly NetworkCase[] = disruptionCases;

/** Cases that take long and leave each other alone. */
export const lengthyCases: readonly NetworkCase[] = [...recoveryCases, ...spreadCases];
