import { CLASS_IN, type ResourceRecord } from "@kubehop/dns-wire";
import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import type { Query } from "../query.ts";
import { createReply } from "../reply.ts";

const NAME = "whoami";

/** Says who asks: the client's address, and its port in an SRV record, both in ADDITIONAL. */
export const whoami: Plugin = {
  name: NAME,
  setup(directives) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "whoami" });
    refuseBlock(directive);
    return { link: () => (query) => createReply(NAME, { additionals: describeClient(query) }) };
  },
};

function describeClient({ question, client, protocol }: Query): ResourceRecord[] {
  const head = { class: CLASS_IN, ttl: 0 };
  const type = client.ip.includes(":") ? "AAAA" : "A";
  return [
    { ...head, name: question.name, type, address: client.ip },
    {
      ...head,
      name: question.name === "." ? `_${protocol}.` : `_${protocol}.${question.name}`,
      type: "SRV",
      priority: 0,
      weight: 0,
      port: client.port,
      target: ".",
    },
  ];
}
