import { Kinds } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { createEntry, encodeObject } from "../storage/entry.ts";
import { isSelected } from "../watch/selection.ts";
import { checkListOptions, checkWatchOptions, parseListOptions } from "./list-options.ts";

function parse(query: string, namespace: string | undefined = "default") {
  return parseListOptions(Kinds.Service, namespace, new URLSearchParams(query));
}

function service(namespace: string, name: string, clusterIP: string) {
  const metadata = { namespace, name, labels: { app: name } };
  const object = { apiVersion: "v1", kind: "Service", metadata, spec: { clusterIP } };
  return createEntry(`services.${namespace}.${name}`, 1, encodeObject(object));
}

describe("the selection", () => {
  const entries = [
    service("default", "a", "None"),
    service("default", "b", "10.96.0.1"),
    service("other", "a", "10.96.0.2"),
  ];
  const select = (query: string, namespace?: string): string[] => {
    const { selection } = parseListOptions(Kinds.Service, namespace, new URLSearchParams(query));
    return entries.filter((entry) => isSelected(entry, selection)).map(({ key }) => key);
  };

  it.each([
    ["", undefined, ["services.default.a", "services.default.b", "services.other.a"]],
    ["", "default", ["services.default.a", "services.default.b"]],
    ["fieldSelector=metadata.name=a", undefined, ["services.default.a", "services.other.a"]],
    ["fieldSelector=metadata.name=a", "other", ["services.other.a"]],
    ["fieldSelector=spec.clusterIP!=None", "default", ["services.default.b"]],
    ["labelSelector=app notin (a)", undefined, ["services.default.b"]],
    ["fieldSelector=metadata.namespace=other", undefined, ["services.other.a"]],
  ])("%s in %s", (query, namespace, keys) => {
    expect(select(query, namespace)).toEqual(keys);
  });
});

describe("options that mean nothing", () => {
  it.each([
    ["resourceVersion=abc", "must be a decimal number"],
    ["limit=many", "limit must be a whole number"],
    ["resourceVersionMatch=Sometimes&resourceVersion=1", 'Unsupported value: "Sometimes"'],
    ["resourceVersionMatch=Exact", "forbidden unless resourceVersion is provided"],
    ["resourceVersionMatch=Exact&resourceVersion=0", 'forbidden for resourceVersion "0"'],
    ["sendInitialEvents=true", "forbidden for list"],
  ])("a list refuses %s", (query, text) => {
    expect(() => checkListOptions(parse(query))).toThrow(text);
  });

  it.each([
    ["resourceVersionMatch=NotOlderThan", "forbidden for watch unless sendInitialEvents"],
    ["sendInitialEvents=true", "requires setting resourceVersionMatch to NotOlderThan"],
  ])("a watch refuses %s", (query, text) => {
    expect(() => checkWatchOptions(parse(query))).toThrow(text);
  });
});
