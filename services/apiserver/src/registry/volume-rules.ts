import {
  duplicate,
  forbiddenField,
  isDNS1123Label,
  required,
  type KeyToPath,
  type StatusCause,
  type Volume,
} from "@kubehop/api";
import { requiredText } from "./common-rules.ts";
import { relativePathCauses } from "./container-rules.ts";

/** Rules of a pod's volumes: a unique name and exactly one source. */
export function volumeCauses(field: string, volumes: readonly Volume[]): StatusCause[] {
  const names = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`;
    const repeated = names.has(volume.name);
    names.add(volume.name);
    return [
      ...requiredText(`${at}.name`, volume.name, isDNS1123Label),
      ...(repeated ? [duplicate(`${at}.name`, volume.name)] : []),
      ...sourceCauses(at, volume),
    ];
  });
}

function sourceCauses(field: string, volume: Volume): StatusCause[] {
  const [first, ...others] = Object.keys(volume).filter((name) => name !== "name");
  if (first === undefined) return [required(field, "must specify a volume type")];
  return [
    ...pathCauses(field, volume),
    ...others.map((name) =>
      forbiddenField(`${field}.${name}`, "may not specify more than 1 volume type"),
    ),
  ];
}

function pathCauses(field: string, { configMap, secret, hostPath }: Volume): StatusCause[] {
  const causes: StatusCause[] = [];
  if (configMap !== undefined)
    causes.push(...requiredText(`${field}.configMap.name`, configMap.name));
  if (secret !== undefined) {
    causes.push(...requiredText(`${field}.secret.secretName`, secret.secretName));
  }
  if (hostPath !== undefined) causes.push(...requiredText(`${field}.hostPath.path`, hostPath.path));
  for (const [name, source] of Object.entries({ configMap, secret })) {
    (source?.items ?? []).forEach(({ key, path = "" }: Partial<KeyToPath>, index) => {
      const at = `${field}.${name}.items[${index}]`;
      causes.push(
        ...requiredText(`${at}.key`, key),
        ...requiredText(`${at}.path`, path),
        ...relativePathCauses(`${at}.path`, path),
      );
    });
  }
  return causes;
}
