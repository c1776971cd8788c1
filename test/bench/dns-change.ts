import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { decode, encode } from "dns-packet";
import { type DnsCluster, MOVING } from "./dns-cluster.ts";
import { startKubehop, type TargetOptions } from "./dns-targets.ts";
import { percentile } from "./percentile.ts";
import type { BenchRow } from "./row.ts";

const CHANGES = 300;
const NAME = `${MOVING}.default.svc.cluster.local`;
const ANSWER_MS = 5_000;
/** What kubeadm's Corefile has had since Kubernetes 1.32: the cluster's own names are not cached. */
const UNCACHED = "cache 30 {\n disable success cluster.local\n disable denial cluster.local\n }";

/**
 * Time from the write of a changed EndpointSlice until DNS answers with it. With plain `cache 30` a
 * name that was just asked for would stay as it was for 30 s, as in CoreDNS.
 */
export async function measureChanges(
  cluster: DnsCluster,
  where: TargetOptions,
): Promise<BenchRow[]> {
  const lines = { cache: UNCACHED };
  const target = await startKubehop(where, { nats: cluster.nats, name: "kubehop-uncached", lines });
  const socket = createSocket("udp4");
  const samples: number[] = [];
  try {
    socket.connect(target.port, "127.0.0.1");
    await once(socket, "connect");
    for (let change = 1; change <= CHANGES; change++) {
      const address = `10.9.${change >> 8}.${change & 255}`;
      const started = performance.now();
      await cluster.move(address);
      await untilAnswered(socket, address);
      samples.push(performance.now() - started);
    }
  } finally {
    socket.close();
  }
  const what = `DNS, EndpointSlice write to its answer (${CHANGES} writes)`;
  return [50, 99].map((percent) => ({
    name: `${what}, p${percent}`,
    unit: "ms",
    value: percentile(samples, percent),
  }));
}

async function untilAnswered(socket: Socket, address: string): Promise<void> {
  const end = performance.now() + ANSWER_MS;
  while ((await ask(socket)) !== address) {
    if (performance.now() > end) throw new Error(`DNS never gave ${address}`);
  }
}

async function ask(socket: Socket): Promise<string> {
  const answer = once(socket, "message", { signal: AbortSignal.timeout(ANSWER_MS) });
  socket.send(encode({ type: "query", questions: [{ name: NAME, type: "A" }] }));
  const [bytes] = (await answer) as [Buffer];
  const [record] = decode(bytes).answers ?? [];
  return record?.type === "A" ? record.data : "";
}
