import type { PodStatus } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { statusPatch } from "./status-writer.ts";

const ready = { type: "Ready", status: "True", lastTransitionTime: "t" } as const;

describe("statusPatch", () => {
  it.each<[string, PodStatus, PodStatus, object | undefined]>([
    ["nothing changed", { phase: "Running" }, { phase: "Running" }, undefined],
    ["a field changed", { phase: "Pending" }, { phase: "Running" }, { phase: "Running" }],
    [
      "an ephemeral container came",
      {},
      { ephemeralContainerStatuses: [{ name: "debug", ready: false, restartCount: 0 }] },
      { ephemeralContainerStatuses: [{ name: "debug", ready: false, restartCount: 0 }] },
    ],
    ["a field is gone", { podIP: "1" }, {}, { podIP: null }],
    [
      "addresses replace the old ones",
      { podIPs: [{ ip: "1" }] },
      { podIPs: [{ ip: "2" }] },
      { podIPs: [{ $patch: "replace" }, { ip: "2" }] },
    ],
    ["other writers' fields stay", { nominatedNodeName: "n" }, {}, undefined],
    [
      "other writers' conditions stay",
      { conditions: [{ type: "a/b", status: "True" }] },
      {},
      undefined,
    ],
    [
      "a condition changed, and its reason is gone",
      { conditions: [{ ...ready, status: "False", reason: "R" }] },
      { conditions: [ready] },
      { conditions: [{ ...ready, reason: null, message: null }] },
    ],
    ["a condition is the same", { conditions: [{ ...ready }] }, { conditions: [ready] }, undefined],
  ])("%s", (_title, known, wanted, patch) => {
    expect(statusPatch(known, wanted)).toEqual(patch);
  });
});
