import { setTimeout as delay } from "node:timers/promises";
import { Flag, Rcode } from "@kubehop/dns-wire";
import type { Logger } from "@kubehop/kit";
import { type Link, mapReply, type MaybePromise } from "../../chain.ts";
import type { ClusterView } from "../../cluster/cluster-view.ts";
import { releaseMemory } from "../../cluster/release-memory.ts";
import { onlyDirective } from "../../corefile/directive.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import { createErrorReply, createReply, type Reply } from "../../reply.ts";
import { withoutReuse } from "../../reuse.ts";
import { matchZone } from "../../zones.ts";
import { type Answer, answerQuestion, rcodeOfAnswer } from "./answer.ts";
import { createClusterLookup } from "./lookup.ts";
import { createMetadata } from "./metadata.ts";
import { type KubernetesOptions, readKubernetesOptions } from "./options.ts";
import { soaRecord } from "./records.ts";
import { reuseOf } from "./reuse.ts";
import { createSearchPath } from "./search-path.ts";
import { transferZone } from "./transfer.ts";

const NAME = "kubernetes";
const CHECK_MS = 20;
const SAY_MS = 500;

/** Names of Services, endpoints and pods, from the registry. */
export const kubernetes: Plugin = {
  name: NAME,
  setup(directives, context) {
    const options = readKubernetesOptions(onlyDirective(directives), context);
    const view = context.cluster({
      pods: options.pods === "verified",
      apiServer: options.apiServer,
    });
    return {
      allowsReuse: true,
      link: createLink(view, options, context),
      transfer: (zone, serial) => transferZone({ view, options }, zone, serial),
      searchPath: createSearchPath(view, options),
      metadata: createMetadata(view, options),
      ready: () => view.synced(),
      start: () => waitForSync(view, options.startupTimeoutMs, context.logger),
    };
  },
};

function createLink(view: ClusterView, options: KubernetesOptions, context: SetupContext): Link {
  const lookup = createClusterLookup(view, options);
  const { localAddresses } = context;
  return (next) => (query) => {
    const zone = matchZone(options.zones, query.name);
    if (zone === undefined) return next(query);
    const { name, type } = query.question;
    if (type === "AXFR" || type === "IXFR") return createErrorReply(Rcode.REFUSED, NAME);
    // The zone as the client wrote it: SRV and CNAME targets and the SOA echo its case.
    const place = {
      owner: name,
      zone: zone === "." ? zone : name.slice(-zone.length),
      ttl: options.ttl,
    };
    const soa = () => soaRecord(place, view.changedAt());
    const toReply = (answer: Answer): Reply => {
      if (answer.answers.length > 0) return toPositiveReply(answer);
      if (!answer.missing && type === "SOA" && query.name === zone) {
        return createReply(NAME, { answers: [soa()] });
      }
      const rcode = answer.missing && !view.synced() ? Rcode.SERVFAIL : rcodeOfAnswer(answer);
      return createReply(NAME, { rcode, authorities: [soa()] });
    };
    const fallsThrough = (answer: Answer): boolean =>
      answer.missing && options.fallthrough.through(query.name);
    // The name may come into being here.
    const fallThrough = (): MaybePromise<Reply> => mapReply(next, query, withoutReuse);
    const answer = answerQuestion({ query, zone, place, lookup, options, localAddresses });
    if (answer instanceof Promise) {
      return answer.then((late) => (fallsThrough(late) ? fallThrough() : toReply(late)));
    }
    if (fallsThrough(answer)) return fallThrough();
    const reply = toReply(answer);
    return view.synced() ? { ...reply, reuse: reuseOf(view, query, zone, answer) } : reply;
  };
}

function toPositiveReply({ answers, glue, flags }: Answer): Reply {
  return createReply(NAME, { answers, additionals: glue, flags: Flag.AA | flags });
}

/** Waits for the first complete read, but serves without it after a while (as CoreDNS does). */
async function waitForSync(view: ClusterView, timeoutMs: number, logger: Logger): Promise<void> {
  if (view.synced()) return;
  const started = performance.now();
  let saidAt = started;
  while (!view.synced()) {
    await delay(CHECK_MS);
    const now = performance.now();
    if (now - started >= timeoutMs) {
      logger.warn({ plugin: NAME }, "starting server with unsynced Kubernetes API");
      return;
    }
    if (now - saidAt < SAY_MS) continue;
    saidAt = now;
    logger.info({ plugin: NAME }, "waiting for Kubernetes API before starting server");
  }
  releaseMemory();
}
