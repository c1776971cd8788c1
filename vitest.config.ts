import { defineConfig, type ViteUserConfig } from "vitest/config";

const FILES = "{packages,services}/*/src/**/";

/**
 * One project a level of test; see ARCHITECTURE.md for what each may start. They run one after the
 * other: a lab shares its machine with no other test.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          include: [`${FILES}*.test.ts`, "test/meta/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.process.test.ts", "**/*.docker.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "process",
          sequence: { groupOrder: 1 },
          include: [`${FILES}*.process.test.ts`, "test/conformance/**/*.process.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "lab",
          sequence: { groupOrder: 2 },
          include: ["test/lab/**/*.lab.test.ts", "test/conformance/**/*.lab.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "network",
          sequence: { groupOrder: 3 },
          include: ["test/network/*.network.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          maxConcurrency: 8,
        },
      },
      {
        test: {
          name: "docker",
          sequence: { groupOrder: 4 },
          include: [`${FILES}*.docker.test.ts`, "test/docker/**/*.test.ts", "examples/*/*.test.ts"],
          // The reaper's image is in a registry; the tests remove what they start, and look.
          env: { TESTCONTAINERS_RYUK_DISABLED: "true" },
          globalSetup: ["test/docker/image.setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

export default config;
