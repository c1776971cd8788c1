import type { PolicyRule } from "@kubehop/api";
import { type Access, isResourceAccess } from "../attributes.ts";

const ALL = "*";

/** Whether a rule lets one do something (source: pkg/apis/rbac/v1 evaluation_helpers.go). */
export function ruleAllows(rule: PolicyRule, access: Access): boolean {
  if (!includes(rule.verbs, access.verb)) return false;
  if (!isResourceAccess(access)) {
    return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, access.path));
  }
  const { group, plural, subresource, name = "" } = access;
  const names = rule.resourceNames ?? [];
  return (
    includes(rule.apiGroups, group) &&
    resourcesInclude(rule.resources ?? [], plural, subresource) &&
    (names.length === 0 || names.includes(name))
  );
}

/**
 * The parts of `wanted` that `held` does not cover, each with one verb on one resource or path;
 * a part must be covered by one rule alone (source: component-helpers/auth/rbac/validation).
 */
export function uncoveredRules(
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => {
    const access = accessOfPart(part);
    return !held.some((rule) => ruleAllows(rule, access));
  });
}

/** Joins rules that differ in their one verb only. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const joined = new Map<string, PolicyRule>();
  for (const { verbs, ...rest } of rules) {
    const key = JSON.stringify(rest);
    const known = joined.get(key);
    joined.set(key, { ...rest, verbs: [...(known?.verbs ?? []), ...verbs] });
  }
  return [...joined.values()];
}

/** A rule as error texts show it: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function formatRule(rule: PolicyRule): string {
  const parts = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ] as const;
  const shown = parts.flatMap(([name, values = []]) =>
    values.length === 0 ? [] : [`${name}:${quotedList(values)}`],
  );
  return `{${shown.join(", ")}}`;
}

/** Texts as Go's %q prints a slice: `["a" "b"]`. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(" ")}]`;
}

function includes(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes(ALL) || list.includes(value));
}

/** `pods`, `pods/log`, an asterisk for everything, or for every resource before `/scale`. */
function resourcesInclude(
  resources: readonly string[],
  plural: string,
  subresource: string | undefined,
): boolean {
  if (includes(resources, subresource === undefined ? plural : `${plural}/${subresource}`)) {
    return true;
  }
  return subresource !== undefined && resources.includes(`*/${subresource}`);
}

function urlMatches(url: string, path: string): boolean {
  if (url === ALL || url === path) return true;
  return url.endsWith(ALL) && path.startsWith(url.replace(/\*+$/, ""));
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [] } = rule;
  const { nonResourceURLs = [] } = rule;
  return verbs.flatMap((verb) => [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) => {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (resourceNames.length === 0) return [part];
        return resourceNames.map((name) => ({ ...part, resourceNames: [name] }));
      }),
    ),
    ...nonResourceURLs.map((url) => ({ verbs: [verb], nonResourceURLs: [url] })),
  ]);
}

/** The access a part stands for: a rule covers the part when it allows this. */
function accessOfPart(part: PolicyRule): Access {
  const [[verb = ""], [url], [group = ""], [resource = ""], [name]] = [
    part.verbs,
    part.nonResourceURLs ?? [],
    part.apiGroups ?? [],
    part.resources ?? [],
    part.resourceNames ?? [],
  ];
  if (url !== undefined) return { verb, path: url };
  const [plural = "", subresource] = resource.split("/");
  return {
    verb,
    group,
    version: "v1",
    plural,
    ...(subresource !== undefined && { subresource }),
    ...(name !== undefined && { name }),
  };
}
