import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Specifications that change their machine's network; sandbox.ts runs them in one of their own. */
const config: ViteUserConfig = defineConfig({
  test: { include: ["*.spec.ts"], testTimeout: 120_000, fileParallelism: false },
});

export default config;
