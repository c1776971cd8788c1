import { startLab } from "./test-lab.ts";
import type { LabSetup, TestLab } from "./test-lab.ts";
import { afterAll, beforeAll, describe } from "vitest";
import { whyNoLab } from "./requirements.ts";

const START_MS = 180_000;

const NO_LAB = whyNoLab();

/** A block of tests on one lab of its own; `lab()` is it. Skipped, with the reason, where none can run. */
export function describeLab(
  name: string,
  setup: LabSetup,
  body: (lab: () => TestLab) => void,
): void {
  describe.skipIf(NO_LAB !== undefined)(`${name}${NO_LAB ? ` (skipped: ${NO_LAB})` : ""}`, () => {
    let lab: TestLab | undefined;
    beforeAll(async () => {
      lab = await startLab(setup);
    }, START_MS);
    afterAll(() => lab?.[Symbol.asyncDispose](), START_MS);
    body(() => {
      if (!lab) throw new Error("the lab is not running");
      return lab;
    });
  });
}
