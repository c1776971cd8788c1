import { Kinds, required, tooLong, type Secret, type StatusCause } from "@kubehop/api";
import { immutable } from "./common-rules.ts";
import {
  base64Causes,
  DATA_LIMIT,
  decodedLength,
  immutableCauses,
  keyCauses,
} from "./config-map.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

const OPAQUE = "Opaque";
const SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token";
const SERVICE_ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name";

/** Keys that the data of well-known types must have. */
const REQUIRED_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ["kubernetes.io/tls", ["tls.crt", "tls.key"]],
  ["kubernetes.io/ssh-auth", ["ssh-privatekey"]],
  ["kubernetes.io/dockercfg", [".dockercfg"]],
  ["kubernetes.io/dockerconfigjson", [".dockerconfigjson"]],
]);

/** Secret: stringData becomes data; type is fixed; like a ConfigMap it may be made immutable. */
export const secretStrategy: Strategy<Secret> = createStrategy(Kinds.Secret, {
  defaults: (secret) => {
    secret.type ??= OPAQUE;
    if (secret.stringData !== undefined) {
      secret.data = { ...secret.data, ...encoded(secret.stringData) };
      delete secret.stringData;
    }
  },
  validate: (secret) => [
    ...keyCauses("data", secret.data),
    ...base64Causes("data", secret.data),
    ...(decodedLength(secret.data) > DATA_LIMIT ? [tooLong("data", DATA_LIMIT)] : []),
    ...typeCauses(secret),
  ],
  validateUpdate: (next, old) => [
    ...immutable("type", next.type, old.type),
    ...immutableCauses(next, old, ["data"]),
  ],
});

function encoded(data: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(data).map(([key, value]): [string, string] => [
    key,
    Buffer.from(value).toString("base64"),
  ]);
  return Object.fromEntries(entries);
}

function typeCauses({ type = "", data = {}, metadata }: Secret): StatusCause[] {
  const keys = REQUIRED_KEYS.get(type) ?? [];
  const causes = keys
    .filter((key) => !Object.hasOwn(data, key))
    .map((key) => required(`data[${key}]`));
  const account = metadata.annotations?.[SERVICE_ACCOUNT_ANNOTATION] ?? "";
  if (type === SERVICE_ACCOUNT_TOKEN && account === "") {
    causes.push(required(`metadata.annotations[${SERVICE_ACCOUNT_ANNOTATION}]`));
  }
  return causes;
}
