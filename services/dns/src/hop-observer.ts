import { rcodeName, type ResourceRecord } from "@kubehop/dns-wire";
import type { Clock } from "@kubehop/kit";
import type { ClusterAccess } from "./cluster/cluster-access.ts";
import type { Observer } from "./query.ts";

/** Tells of every answer while somebody asks for that. */
export interface HopObserver {
  readonly observe: Observer;
  /** Whether somebody does. */
  active(): boolean;
}

/** Tells tracers of every answer; while nobody traces it costs one comparison. */
export function createHopObserver(cluster: ClusterAccess, clock: Clock): HopObserver {
  const observe: Observer = (query, reply) => {
    const tracer = cluster.tracer();
    if (tracer?.active() !== true) return;
    tracer.emit({
      type: "resolved",
      client: query.client,
      protocol: query.protocol === "udp" ? "UDP" : "TCP",
      question: { name: query.question.name, type: query.question.type },
      rcode: rcodeName(reply.rcode),
      answers: reply.answers.map(describe),
      plugin: reply.plugin,
      resourceVersion: String(cluster.revision()),
      durationMs: clock.monotonic() - query.startedAt,
    });
  };
  return { observe, active: () => cluster.tracer()?.active() === true };
}

/** The data of a record as dig prints it. */
function describe(record: ResourceRecord): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.address;
    case "NS":
    case "CNAME":
    case "PTR":
      return record.target;
    case "SRV":
      return `${record.priority} ${record.weight} ${record.port} ${record.target}`;
    case "TXT":
      return record.strings.map((text) => JSON.stringify(text)).join(" ");
    case "SOA":
      return `${record.mname} ${record.rname} ${record.serial}`;
    case "MX":
      return `${record.preference} ${record.target}`;
    case "HINFO":
      return `${record.cpu} ${record.os}`;
    default:
      return `\\# ${record.data.length}`;
  }
}
