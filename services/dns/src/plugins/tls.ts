import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { createSecureContext } from "node:tls";
import { CorefileError } from "../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import type { ClientAuth, TlsSettings } from "../server/tls.ts";

const CLIENT_AUTH: readonly ClientAuth[] = [
  "nocert",
  "request",
  "require",
  "verify_if_given",
  "require_and_verify",
];

/** The certificate of the block's `tls://` addresses. */
export const tls: Plugin = {
  name: "tls",
  setup(directives, { folder }) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 2, max: 3, syntax: "tls CERT KEY [CA]" });
    const [cert = "", key = "", ca] = directive.args.map(({ text }) =>
      readFile(directive, text, folder),
    );
    let clientAuth: ClientAuth = "nocert";
    readProperties(directive, {
      client_auth(property) {
        clientAuth = readClientAuth(property);
      },
    });
    const settings: TlsSettings = { cert, key, clientAuth, ...(ca === undefined ? {} : { ca }) };
    try {
      createSecureContext(settings);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const text = `tls: certificate and key cannot be used together: ${reason}`;
      throw new CorefileError(directive.position, text);
    }
    return { listener: { tls: settings } };
  },
};

function readFile(directive: Directive, text: string, folder: string): string {
  try {
    return readFileSync(isAbsolute(text) ? text : join(folder, text), "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(directive, text, `a PEM file that can be read (${reason})`);
  }
}

function readClientAuth(property: Directive): ClientAuth {
  const known = CLIENT_AUTH.join("|");
  const range = { min: 1, max: 1, syntax: `client_auth ${known}` };
  const [text = ""] = takeArguments(property, range);
  const auth = CLIENT_AUTH.find((each) => each === text);
  if (auth === undefined) throw invalidArgument(property, text, `one of ${known}`);
  return auth;
}
