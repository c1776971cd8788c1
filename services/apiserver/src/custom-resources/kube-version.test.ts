import { expect, it } from "vitest";
import { compareKubeVersions } from "./kube-version.ts";

it("orders as upstream's documentation has it", () => {
  const ordered = [
    "v10",
    "v2",
    "v1",
    "v11beta2",
    "v10beta3",
    "v3beta1",
    "v12alpha1",
    "v11alpha2",
    "foo1",
    "foo10",
  ];
  expect(ordered.toReversed().sort(compareKubeVersions)).toEqual(ordered);
  expect(compareKubeVersions("foo", "foo")).toBe(0);
});
