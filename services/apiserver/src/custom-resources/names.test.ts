import type { CustomResourceDefinition, CustomResourceDefinitionNames } from "@kubehop/api";
import { expect, it } from "vitest";
import { statusAmong } from "./names.ts";

const NOW = "2026-01-02T03:04:05Z";

function definition(
  names: CustomResourceDefinitionNames,
  acceptedNames?: CustomResourceDefinitionNames,
  group = "example.com",
): CustomResourceDefinition {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${names.plural ?? ""}.${group}` },
    spec: { group, names },
    ...(acceptedNames !== undefined && { status: { acceptedNames } }),
  };
}

const widgets = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };

function conditionsOf(
  one: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[] = [],
): string[] {
  return (statusAmong(one, others, NOW).conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason ?? ""}: ${message ?? ""}`,
  );
}

const ACCEPTED = [
  "NamesAccepted=True NoConflicts: no conflicts found",
  "Established=True InitialNamesAccepted: the initial names have been accepted",
];

it("free names are accepted, and establish the definition", () => {
  expect(conditionsOf(definition(widgets))).toEqual(ACCEPTED);
  expect(statusAmong(definition(widgets), [], NOW).acceptedNames).toEqual(widgets);
});

it("names of another group are no concern", () => {
  const other = definition(widgets, widgets, "other.com");
  expect(conditionsOf(definition(widgets), [other])).toEqual(ACCEPTED);
});

it.each([
  [{ plural: "widgets" }, 'PluralConflict: "widgets" is already in use'],
  [{ singular: "widget" }, 'SingularConflict: "widget" is already in use'],
  [{ shortNames: ["wd"] }, 'ShortNamesConflict: "wd" is already in use'],
  [{ kind: "Widget" }, 'KindConflict: "Widget" is already in use'],
  [{ listKind: "WidgetList" }, 'ListKindConflict: "WidgetList" is already in use'],
])("%j that another one has been given is refused", (taken, text) => {
  const other = definition(widgets, { ...widgets, shortNames: ["wd"] });
  const names = { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" };
  expect(conditionsOf(definition({ ...names, ...taken }), [other])).toEqual([
    `NamesAccepted=False ${text}`,
    "Established=False NotAccepted: not all names are accepted",
  ]);
});

it("what is established stays so, and times of conditions stay while nothing changes", () => {
  const first = statusAmong(definition(widgets), [], "2026-01-01T00:00:00Z");
  const again = statusAmong({ ...definition(widgets), status: first }, [], NOW);
  expect(again).toEqual(first);
  const renamed = definition({ ...widgets, shortNames: ["wd"] });
  const taken = definition({ plural: "other" }, { shortNames: ["wd"] });
  const refused = statusAmong({ ...renamed, status: first }, [taken], NOW);
  expect(refused.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    "NamesAccepted=False",
    "Established=True",
  ]);
});
