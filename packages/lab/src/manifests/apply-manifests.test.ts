import { expect, it } from "vitest";
import { inOrder } from "./apply-manifests.ts";
import { parseManifests } from "./parse-manifests.ts";

it("applies what others need first", () => {
  const documents = [
    ["apps/v1", "Deployment"],
    ["v1", "Service"],
    ["v1", "Namespace"],
    ["v1", "Secret"],
    ["discovery.k8s.io/v1", "EndpointSlice"],
  ].map(([apiVersion, kind]) => JSON.stringify({ apiVersion, kind, metadata: { name: "a" } }));
  const { manifests } = parseManifests("f", documents.join("\n---\n"));
  const groups = inOrder(manifests).map((group) => group.map(({ kind }) => kind.kind));
  expect(groups).toEqual([["Namespace"], ["Secret"], ["Service", "EndpointSlice"], ["Deployment"]]);
});
