import {
  apiVersionOf,
  applyConfiguration,
  badRequest,
  configurationErrors,
  type Decodable,
  decodeObject,
  fieldTypeOf,
  type KubeObject,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { readConfiguration, requireBody } from "../http/body.ts";
import { yamlProblems } from "../http/duplicate-problems.ts";
import { addWarnings } from "../http/warnings.ts";
import { type FieldValidation, parseWriteOptions } from "../http/write-options.ts";
import { fieldManagerOf, ownershipRulesOf } from "../resources/field-ownership.ts";
import { timestamp } from "../resources/metadata.ts";
import type { Resources } from "../resources/resources.ts";
import { matchTarget } from "../resources/target.ts";
import type { Part } from "../resources/update.ts";
import { bodyOf, type Call, writerOf } from "./call.ts";
import { answerCreated, answerUpdated, changeOrCreate } from "./write.ts";

/**
 * Server-side apply (KEP-555): PATCH with application/apply-patch+yaml. Makes the object what the
 * body says of it and the manager the owner of these fields; an object that is missing is created
 * (201). Throws 409 with a cause for each field that another manager owns, unless forced.
 */
export async function applyToObject(
  resources: Resources,
  call: Call,
  part: Part,
): Promise<FastifyReply> {
  const { config, dryRun, apply } = applicationOf(resources, call, call.kind);
  // What the stored object is made of keeps its own name: another's would go unnoticed.
  matchTarget(call.target, config);
  const write = { dryRun, writer: undefined };
  const change = (): Promise<FastifyReply> =>
    answerUpdated(resources, call, { ...write, part, apply: (live) => apply(config, live) });
  if (part !== "object") return change();
  return changeOrCreate(change, () => answerCreated(resources, call, apply(config), write));
}

/** What a call that applies asks for. */
export interface Application<T extends KubeObject> {
  /** What its body says. */
  readonly config: T;
  readonly dryRun: boolean;
  /** An object of the call's kind made what a configuration of that kind says of it. */
  apply(config: KubeObject, live?: KubeObject): KubeObject;
}

/** Reads a call that applies a configuration of a kind, its own or that of a subresource. Throws 400 or 422. */
export function applicationOf<T extends KubeObject>(
  resources: Resources,
  call: Call,
  configured: Decodable<T>,
): Application<T> {
  const { kind, query } = call;
  const options = parseWriteOptions(query, "PatchOptions", true);
  const config = configurationOf(call, configured, options.fieldValidation);
  const writer = writerOf(call, options);
  const rules = ownershipRulesOf(kind, writer);
  const manager = fieldManagerOf(kind, writer, "Apply");
  const { dryRun, force } = options;
  return {
    config,
    dryRun,
    apply(wanted, live) {
      const time = timestamp(resources.clock.now());
      const result = applyConfiguration(rules, { live, config: wanted, manager, force, time });
      const { object } = decodeObject(kind, structuredClone(result.object));
      object.metadata.managedFields = result.managedFields;
      return object;
    },
  };
}

/** The configuration in a call's body; throws 400 when it can't be applied. */
function configurationOf<T extends KubeObject>(
  call: Call,
  kind: Decodable<T>,
  fieldValidation: FieldValidation,
): T {
  const { value, duplicates } = readConfiguration(requireBody(bodyOf(call)));
  const problems = fieldValidation === "Ignore" ? [] : yamlProblems(duplicates);
  if (fieldValidation === "Strict" && problems.length > 0) {
    throw badRequest(`error strict decoding YAML: ${problems.join(", ")}`);
  }
  addWarnings(call.reply, problems);
  checkType(kind, value);
  const errors = configurationErrors(fieldTypeOf(kind.schema), value);
  if (errors.length > 0) throw badRequest(untyped(call, kind, errors));
  const { object } = decodeObject(kind, value);
  if (object.metadata.managedFields !== undefined) {
    throw badRequest("metadata.managedFields must be nil");
  }
  return object;
}

function checkType(kind: Decodable, value: unknown): asserts value is Partial<KubeObject> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("error decoding YAML: the configuration must be an object");
  }
  const { apiVersion = "", kind: name = "" } = value as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion === apiVersionOf(kind) && name === kind.kind) return;
  const text = String(apiVersion);
  const type = `${text.includes("/") ? text : `/${text}`}, Kind=${String(name)}`;
  throw badRequest(`invalid object type: ${type}`);
}

function untyped({ target }: Call, kind: Decodable, errors: readonly string[]): string {
  const { namespace = "", name = "" } = target;
  const version = kind.group === "" ? `/${kind.version}` : apiVersionOf(kind);
  const about = `${namespace}/${name}; ${version}, Kind=${kind.kind}`;
  const [only] = errors;
  const why = errors.length === 1 ? only : ["errors:", ...errors].join("\n  ");
  return `failed to create typed patch object (${about}): ${why}`;
}
