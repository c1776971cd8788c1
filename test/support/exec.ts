import { Kinds, selectorFromLabelSelector, formatLabelSelector } from "@kubehop/api";
import type { Status } from "@kubehop/api";
import { loadKubeconfig } from "@kubehop/client";
import type { RestClient } from "@kubehop/client";
import { Agent, WebSocket } from "undici";
import { isReady } from "./cluster.ts";

const PROTOCOL = "v5.channel.k8s.io";
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const CLOSE = 255;
const TIMEOUT_MS = 180_000;

/** How a command in a pod went. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to run where. */
export interface ExecRequest {
  readonly namespace: string;
  /** A pod's name, "deploy/NAME" or "sts/NAME". */
  readonly target: string;
  readonly command: readonly string[];
  readonly stdin?: string;
}

/**
 * Runs a command in a pod as kubectl does: a WebSocket to the API server with a channel for each
 * stream (KEP-4006). Rejects when it cannot be run; a failing command is a result.
 */
export async function execInPod(
  rest: RestClient,
  kubeconfig: string,
  request: ExecRequest,
): Promise<ExecResult> {
  const pod = await findPod(rest, request);
  const { server, ca = "", cert = "", key = "" } = loadKubeconfig(kubeconfig);
  const dispatcher = new Agent({ connect: { ca, cert, key } });
  const url = new URL(`/api/v1/namespaces/${request.namespace}/pods/${pod}/exec`, server);
  url.protocol = "wss:";
  for (const word of request.command) url.searchParams.append("command", word);
  url.searchParams.set("stdout", "true");
  url.searchParams.set("stderr", "true");
  if (request.stdin !== undefined) url.searchParams.set("stdin", "true");
  const socket = new WebSocket(url, { protocols: [PROTOCOL], dispatcher });
  const timer = setTimeout(() => socket.close(), TIMEOUT_MS);
  try {
    return await converse(socket, request);
  } finally {
    clearTimeout(timer);
    socket.close();
    await dispatcher.destroy();
  }
}

function converse(socket: WebSocket, request: ExecRequest): Promise<ExecResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ExecResult>();
  const streams = new Map<number, Buffer[]>([
    [STDOUT, []],
    [STDERR, []],
    [ERROR, []],
  ]);
  const textOf = (channel: number): string => Buffer.concat(streams.get(channel) ?? []).toString();
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    if (request.stdin === undefined) return;
    socket.send(Buffer.concat([Buffer.from([STDIN]), Buffer.from(request.stdin)]));
    socket.send(Buffer.from([CLOSE, STDIN]));
  });
  socket.addEventListener("message", ({ data }) => {
    const message = Buffer.from(data as ArrayBuffer);
    streams.get(message[0] ?? ERROR)?.push(message.subarray(1));
  });
  socket.addEventListener("error", (event) => {
    reject(new Error(`exec ${request.command[0]}: ${event.message}`, { cause: event.error }));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    const status = textOf(ERROR);
    if (status === "")
      reject(new Error(`exec ${request.command[0]}: closed early: ${code} ${reason}`));
    else resolve({ code: exitCode(status), stdout: textOf(STDOUT), stderr: textOf(STDERR) });
  });
  return promise;
}

/** The error channel's Status: Success, or NonZeroExitCode with the code as a cause. */
function exitCode(text: string): number {
  const status = JSON.parse(text) as Status;
  if (status.status === "Success") return 0;
  const cause = status.details?.causes?.find(({ reason }) => String(reason) === "ExitCode");
  if (cause?.message === undefined) throw new Error(`exec: ${status.message}`);
  return Number(cause.message);
}

async function findPod(rest: RestClient, { namespace, target }: ExecRequest): Promise<string> {
  const [kind, name = ""] = target.split("/");
  if (name === "") return target;
  const ref = { namespace, name };
  const { spec } = await (kind === "sts"
    ? rest.get(Kinds.StatefulSet, ref)
    : rest.get(Kinds.Deployment, ref));
  const labelSelector = formatLabelSelector(selectorFromLabelSelector(spec.selector));
  const { items } = await rest.list(Kinds.Pod, { namespace, labelSelector });
  const pod = items.find(isReady);
  if (!pod) throw new Error(`${target} has no ready pod`);
  return pod.metadata.name;
}
