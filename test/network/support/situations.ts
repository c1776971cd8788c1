import type { Pod, Service, ServicePort } from "@kubehop/api";
import { answers, type CaseContext } from "./case.ts";

/** The policy of Services that keep to the endpoints of a node. */
export const LOCAL = "Local" as const;
/** TCP 80 to where a netpod tells its name. */
export const HTTP_TCP: readonly ServicePort[] = [
  { name: "tcp", port: 80, protocol: "TCP", targetPort: 8080 },
];
/** UDP 80 to where a netpod tells its name. */
export const UDP: readonly ServicePort[] = [
  { name: "udp", port: 80, protocol: "UDP", targetPort: 8080 },
];

let lastHost = 10;

/** Addresses outside the cluster that no other case uses. */
export function freshOutsideIp(range: "192.0.2" | "203.0.113"): string {
  lastHost += 1;
  return `${range}.${lastHost}`;
}

/** A Service with one endpoint. */
export interface Made {
  /** The Service's selector. */
  readonly labels: Record<string, string>;
  readonly service: Service;
  /** The endpoint's name. */
  readonly pod: string;
}

/** Makes a Service with one endpoint, on node-1. */
export async function onNodeOne(
  test: CaseContext,
  spec: object,
  ports: readonly ServicePort[] = HTTP_TCP,
): Promise<Made> {
  const labels = { app: test.id };
  const pod = await test.pod({ labels, node: "node-1" });
  const service = await test.service({ ports: [...ports], selector: labels, spec });
  return { labels, service, pod: pod.metadata.name };
}

/** A pod that goes on serving after it was told to end; resolves when its program runs. */
export async function stayingPod(
  test: CaseContext,
  options: Partial<Parameters<CaseContext["pod"]>[0]> = {},
): Promise<Pod> {
  const spec = { terminationGracePeriodSeconds: 60, containers: [] };
  const pod = await test.pod({ labels: {}, ...options, env: { STAY: "1" }, spec });
  const target = { host: pod.status?.podIP ?? "", port: 8080 };
  await answers(test.clients[0], target, pod.metadata.name);
  return pod;
}

type CreatePod = (test: CaseContext, options: Parameters<CaseContext["pod"]>[0]) => Promise<Pod>;

const plainPod: CreatePod = (test, options) => test.pod(options);

/** A Service of type LoadBalancer with an address from outside and one endpoint, on node-1. */
export async function balanced(
  test: CaseContext,
  spec: object,
  createPod?: CreatePod,
): Promise<Made & { readonly balancerIp: string }> {
  const labels = { app: test.id };
  const { metadata } = await (createPod ?? plainPod)(test, { labels, node: "node-1" });
  const balancerIp = freshOutsideIp("203.0.113");
  const service = await test.service({ selector: labels, balancerIp, spec });
  return { labels, service, pod: metadata.name, balancerIp };
}
