import { writeFileSync } from "node:fs";

// oxlint-disable import/no-default-export -- vitest takes a reporter's default export.

/** A vitest reporter that counts tests and collects the reasons of skipped ones. */
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const summary = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      const before = summary.failed;
      for (const test of module.children.allTests()) count(summary, test);
      // A file that cannot be loaded, or a failing hook, has no failing test of its own.
      if (module.state() === "failed" && summary.failed === before) summary.failed += 1;
    }
    writeFileSync(process.env.KUBEHOP_TEST_SUMMARY, JSON.stringify(summary));
  }
}

function count(summary, test) {
  const { state, note } = test.result();
  if (state === "passed" || state === "failed") summary[state] += 1;
  else summary.skipped.push({ test: test.fullName, reason: note ?? "no reason given" });
}
