import { afterAll, beforeAll, describe } from "vitest";
import { type ComposeLab, type ComposeLabOptions, startComposeLab } from "./compose-lab.ts";
import { whyNoEngine } from "./engine.ts";

const START_MS = 240_000;

const NO_ENGINE = whyNoEngine();

/** A block of tests on one Docker lab of its own. Skipped, with the reason, where none can run. */
export function describeComposeLab(
  name: string,
  options: ComposeLabOptions,
  body: (lab: () => ComposeLab) => void,
): void {
  const reason = NO_ENGINE === undefined ? "" : ` (skipped: ${NO_ENGINE})`;
  describe.skipIf(NO_ENGINE !== undefined)(`${name}${reason}`, () => {
    let lab: ComposeLab | undefined;
    beforeAll(async () => {
      lab = await startComposeLab(options);
    }, START_MS);
    afterAll(() => lab?.[Symbol.asyncDispose](), START_MS);
    body(() => {
      if (lab === undefined) throw new Error("the lab is not running");
      return lab;
    });
  });
}
