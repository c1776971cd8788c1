import type { FlagSpec } from "./flags.ts";
import type { Role } from "./role.ts";
import { ROLES } from "./roles.ts";

/** What `sample-app` prints when no role, or an unknown one, was named. */
export function overview(unknown?: string): string {
  const complaint = unknown === undefined ? "" : `unknown role "${unknown}"\n\n`;
  const names = Object.keys(ROLES).join(", ");
  return `${complaint}usage: sample-app ROLE [flags]\nroles: ${names}\n"sample-app ROLE --help" lists the flags of a role.\n`;
}

/** What `sample-app ROLE --help` prints. */
export function roleHelp(role: Role): string {
  const lines = Object.entries(role.flags).map(([name, spec]) => flagLine(name, spec));
  const head = ["usage: sample-app", role.name, "[flags]", role.operands].join(" ").trimEnd();
  return `${role.summary}\n\n${head}\n${lines.join("\n")}\n`;
}

function flagLine(name: string, spec: FlagSpec): string {
  const value = spec.type === "boolean" ? "" : ` ${spec.type}`;
  return `  --${name}${value}`.padEnd(28) + `${spec.description} (default ${String(spec.default)})`;
}
