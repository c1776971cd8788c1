export { applyManifests } from "./apply-manifests.ts";
export { describeProblem, type Manifest } from "./manifest.ts";
export { isPodReady, whyNotReady } from "./pod-readiness.ts";
export { parseManifests } from "./parse-manifests.ts";
export { waitForRollout } from "./rollout.ts";
