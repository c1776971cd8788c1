import { defineConfig, type ViteUserConfig } from "vitest/config";

const FILES = "{packages,services}/*/src/**/";

/** One project a level of test; see ARCHITECTURE.md for what each may start. */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [`${FILES}*.test.ts`, "test/meta/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.process.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "process",
          include: [`${FILES}*.process.test.ts`, "test/{process,conformance}/**/*.process.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.lab.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

export default config;
