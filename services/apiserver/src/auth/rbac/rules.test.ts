import type { PolicyRule } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactRules, formatRule, ruleAllows, uncoveredRules } from "./rules.ts";

const rule = (verbs: string, apiGroups: string, resources: string): PolicyRule => ({
  verbs: verbs.split(","),
  apiGroups: apiGroups.split(","),
  resources: resources.split(","),
});
const access = (verb: string, group: string, resource: string, name?: string) => {
  const [plural = "", subresource] = resource.split("/");
  return {
    verb,
    group,
    version: "v1",
    plural,
    ...(subresource !== undefined && { subresource }),
    ...(name !== undefined && { name }),
  };
};

describe("ruleAllows", () => {
  test.each<[PolicyRule, ReturnType<typeof access>, boolean]>([
    [rule("get", "", "pods"), access("get", "", "pods"), true],
    [rule("get", "", "pods"), access("list", "", "pods"), false],
    [rule("get", "", "pods"), access("get", "apps", "pods"), false],
    [rule("get", "", "pods"), access("get", "", "pods/log"), false],
    [rule("get", "", "pods/log"), access("get", "", "pods/log"), true],
    [rule("get", "", "pods/log"), access("get", "", "pods"), false],
    [rule("*", "*", "*"), access("bless", "example.com", "saints/halo"), true],
    [rule("get", "apps", "*/scale"), access("get", "apps", "deployments/scale"), true],
    [rule("get", "apps", "*/scale"), access("get", "apps", "deployments/status"), false],
    [rule("get", "apps", "*/scale"), access("get", "apps", "deployments"), false],
    [{ ...rule("get", "", "pods"), resourceNames: ["a"] }, access("get", "", "pods", "a"), true],
    [{ ...rule("get", "", "pods"), resourceNames: ["a"] }, access("get", "", "pods", "b"), false],
    [{ ...rule("list", "", "pods"), resourceNames: ["a"] }, access("list", "", "pods"), false],
    [{ verbs: ["get"], nonResourceURLs: ["*"] }, access("get", "", "pods"), false],
  ])("%j %j", (given, asked, allowed) => {
    expect(ruleAllows(given, asked)).toBe(allowed);
  });

  test.each([
    ["*", "/metrics", true],
    ["/healthz", "/healthz", true],
    ["/healthz", "/healthz/ping", false],
    ["/healthz/*", "/healthz/ping", true],
    ["/healthz/*", "/healthz", false],
  ])("%s %s", (url, path, allowed) => {
    const given = { verbs: ["get"], nonResourceURLs: [url] };
    expect(ruleAllows(given, { verb: "get", path })).toBe(allowed);
    expect(ruleAllows(given, { verb: "post", path })).toBe(false);
  });
});

describe("uncoveredRules", () => {
  test("names the parts that are missing, one by one", () => {
    const held = [rule("get,list", "", "pods"), rule("*", "apps", "*")];
    expect(uncoveredRules(held, [rule("get,watch", "", "pods,secrets")])).toEqual([
      rule("get", "", "secrets"),
      rule("watch", "", "pods"),
      rule("watch", "", "secrets"),
    ]);
    expect(uncoveredRules(held, [rule("delete", "apps", "deployments/scale")])).toEqual([]);
  });

  test("a rule for named objects does not cover one for all", () => {
    const named = { ...rule("get", "", "pods"), resourceNames: ["a", "b"] };
    expect(uncoveredRules([named], [rule("get", "", "pods")])).toHaveLength(1);
    expect(uncoveredRules([named], [{ ...named, resourceNames: ["b"] }])).toEqual([]);
    expect(uncoveredRules([rule("get", "", "pods")], [named])).toEqual([]);
  });

  test("paths", () => {
    const held = [{ verbs: ["get"], nonResourceURLs: ["/healthz/*"] }];
    const wanted = { verbs: ["get"], nonResourceURLs: ["/healthz/ping", "/metrics"] };
    expect(uncoveredRules(held, [wanted])).toEqual([
      { verbs: ["get"], nonResourceURLs: ["/metrics"] },
    ]);
  });

  const word = fc.constantFrom("a", "b", "*");
  const words = fc.array(word, { minLength: 1, maxLength: 3 });
  const rules = fc.array(fc.record({ verbs: words, apiGroups: words, resources: words }), {
    maxLength: 4,
  });
  test("who has nothing uncovered may do all that the wanted rules allow", () => {
    fc.assert(
      fc.property(rules, rules, word, word, word, (held, wanted, verb, group, plural) => {
        const asked = access(verb, group, plural);
        const isWanted = wanted.some((one) => ruleAllows(one, asked));
        const isCovered = uncoveredRules(held, wanted).length === 0;
        return !isWanted || !isCovered || held.some((one) => ruleAllows(one, asked));
      }),
    );
  });
});

test("rules in error texts", () => {
  const parts = uncoveredRules([], [rule("get,list", "", "pods")]);
  expect(compactRules(parts).map(formatRule)).toEqual([
    '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
  ]);
  expect(formatRule({ verbs: ["get"], nonResourceURLs: ["/x"] })).toBe(
    '{NonResourceURLs:["/x"], Verbs:["get"]}',
  );
});
