import type { Volume } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { testPod, testSources } from "../testing/objects.ts";
import { tokenProjections, volumePayload } from "./payload.ts";

function filesOf(source: Omit<Volume, "name">): Record<string, string> | undefined {
  const payload = volumePayload(
    { name: "v", ...source },
    {
      pod: testPod(),
      addresses: { podIps: ["10.244.1.2"], hostIps: [] },
      sources: testSources({
        configMaps: { conf: { Corefile: "x", other: "y" } },
        secrets: { keys: { key: Buffer.from("hidden").toString("base64") } },
      }),
      allocatable: {},
      token: ({ audience = "api" }) => `token for ${audience}`,
    },
  );
  if (payload === undefined) return undefined;
  const entries = [...payload].map(([path, { data, mode }]) => [
    path,
    `${mode.toString(8)} ${data.toString()}`,
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

describe("volumePayload", () => {
  it.each<[string, Omit<Volume, "name">, Record<string, string> | undefined]>([
    ["a ConfigMap", { configMap: { name: "conf" } }, { Corefile: "644 x", other: "644 y" }],
    [
      "chosen keys with modes",
      {
        configMap: {
          name: "conf",
          defaultMode: 0o400,
          items: [{ key: "other", path: "a/b", mode: 0o600 }],
        },
      },
      { "a/b": "600 y" },
    ],
    ["a Secret", { secret: { secretName: "keys", defaultMode: 0o400 } }, { key: "400 hidden" }],
    ["an optional one that is missing", { configMap: { name: "no", optional: true } }, {}],
    [
      "fields of the pod",
      { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
      { labels: '644 app="x"' },
    ],
    [
      "several sources",
      {
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", audience: "a" } },
            { configMap: { name: "conf", items: [{ key: "Corefile", path: "ca" }] } },
            { secret: { name: "keys" } },
          ],
        },
      },
      { token: "644 token for a", ca: "644 x", key: "644 hidden" },
    ],
    ["no files of the kubelet", { emptyDir: {} }, undefined],
  ])("%s", (_title, volume, files) => {
    expect(filesOf(volume)).toEqual(files);
  });

  it.each<[Omit<Volume, "name">, string]>([
    [{ configMap: { name: "no" } }, 'configmap "no" not found'],
    [{ secret: { secretName: "no" } }, 'secret "no" not found'],
    [
      { configMap: { name: "conf", items: [{ key: "z", path: "z" }] } },
      "configmap references non-existent config key: z",
    ],
    [
      { configMap: { name: "conf", items: [{ key: "other", path: "../z" }] } },
      'invalid path "../z"',
    ],
    [{ configMap: { name: "conf", items: [{ key: "other", path: "/z" }] } }, 'invalid path "/z"'],
  ])("refuses %j", (volume, message) => {
    expect(() => filesOf(volume)).toThrow(message);
  });
});

it("tokenProjections finds the tokens of a volume", () => {
  const serviceAccountToken = { path: "token" };
  expect(
    tokenProjections({ name: "v", projected: { sources: [{ serviceAccountToken }] } }),
  ).toEqual([serviceAccountToken]);
  expect(tokenProjections({ name: "v", emptyDir: {} })).toEqual([]);
});
