import { setTimeout as delay } from "node:timers/promises";
import { type Lease, Kinds, NODE_LEASE_NAMESPACE, type Node } from "@kubehop/api";
import { type Logger, renewLease, type RestClient } from "@kubehop/client";
import { type NodeDescription, nodeStatus, registerNode } from "./node-status.ts";

/** What a heartbeat needs. */
export interface HeartbeatOptions {
  readonly rest: RestClient;
  readonly node: NodeDescription;
  readonly leaseDurationSeconds: number;
  readonly logger: Logger;
  /** Ends it. */
  readonly signal: AbortSignal;
  now(): number;
  /** The Node as the API server has it. */
  seen(): Node | undefined;
}

/** A node that tells that it lives. */
export interface Heartbeat {
  /** Whether the node is registered. */
  registered(): boolean;
  /** Settles when the signal has aborted and the last write is over. */
  readonly ended: Promise<void>;
}

/** The lease is renewed each quarter of its duration (pkg/kubelet/kubelet.go). */
const RENEWALS_PER_LEASE = 4;
const RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;

/**
 * Registers the node, then renews its Lease until the signal aborts; a Node whose conditions
 * somebody else changed (the node controller, after a silence) gets its status again.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  let registered = false;
  const run = async (): Promise<void> => {
    const node = await retrying(options, "node not registered yet", () =>
      registerNode(options.rest, options.node, options.now),
    );
    if (node === undefined) return;
    registered = true;
    options.logger.info({ node: options.node.name }, "node registered");
    let lease: Lease | undefined;
    const period = (options.leaseDurationSeconds * 1_000) / RENEWALS_PER_LEASE;
    while (!options.signal.aborted) {
      lease = await retrying(options, "lease not renewed, will retry", async () => {
        const held = lease;
        lease = undefined;
        return renew(options, node, held);
      });
      await repairStatus(options).catch((err: unknown) => {
        options.logger.warn({ err }, "node status not written, will retry");
      });
      await pause(period, options.signal);
    }
  };
  return { registered: () => registered, ended: run() };
}

function renew(options: HeartbeatOptions, node: Node, held: Lease | undefined): Promise<Lease> {
  const { name, uid = "" } = node.metadata;
  const claim = {
    ref: { namespace: NODE_LEASE_NAMESPACE, name },
    holderIdentity: name,
    durationSeconds: options.leaseDurationSeconds,
    ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }],
  };
  return renewLease(options.rest, claim, options.now(), held);
}

async function repairStatus({ rest, node, seen, now }: HeartbeatOptions): Promise<void> {
  const known = seen();
  if (known === undefined) {
    await registerNode(rest, node, now);
    return;
  }
  const wanted = nodeStatus(node, known.status ?? {}, now());
  const isWell = wanted.conditions?.every(
    (condition) =>
      known.status?.conditions?.find(({ type }) => type === condition.type)?.status ===
      condition.status,
  );
  if (isWell === true) return;
  const patch = { type: "merge", body: { status: wanted } } as const;
  await rest.patch(Kinds.Node, { name: node.name }, patch, { subresource: "status" });
}

/** Tries until it goes well; undefined when the signal aborted before. */
async function retrying<T>(
  { logger, signal }: HeartbeatOptions,
  failure: string,
  attempt: () => Promise<T>,
): Promise<T | undefined> {
  for (let wait = RETRY_MS; !signal.aborted; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
    try {
      return await attempt();
    } catch (err) {
      logger.warn({ err }, failure);
      await pause(wait, signal);
    }
  }
  return undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
