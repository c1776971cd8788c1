import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { CorefileError } from "../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";

/** The addresses to listen on, instead of all of the machine's; several directives add up. */
export const bind: Plugin = {
  name: "bind",
  setup(directives) {
    const hosts = new Set(directives.flatMap(readHosts));
    const [first] = directives;
    if (hosts.size > 0 || first === undefined) return { hosts: [...hosts] };
    throw new CorefileError(first.position, "bind: no address is left to listen on");
  },
};

/** `bind ADDRESS|INTERFACE… { except ADDRESS|INTERFACE… }`. */
function readHosts(directive: Directive): string[] {
  const except: string[] = [];
  readProperties(directive, {
    except(property) {
      except.push(...readAddresses(property, "except ADDRESS|INTERFACE…"));
    },
  });
  const all = readAddresses(directive, "bind ADDRESS|INTERFACE…");
  return all.filter((address) => !except.includes(address));
}

function readAddresses(directive: Directive, syntax: string): string[] {
  const interfaces = networkInterfaces();
  return takeArguments(directive, { min: 1, max: 100, syntax }).flatMap((text) => {
    if (isIP(text) !== 0) return [text];
    const found = interfaces[text];
    if (found === undefined)
      throw invalidArgument(directive, text, "an IP address or an interface");
    return found.map(({ address, scopeid }) =>
      (scopeid ?? 0) === 0 ? address : `${address}%${text}`,
    );
  });
}
