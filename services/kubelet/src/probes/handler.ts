import type { Container, HTTPGetAction, Pod, ProbeHandler } from "@kubehop/api";
import type { ExecProcess } from "../runtime/runtime.ts";
import { probeExec } from "./exec.ts";
import { type HttpTarget, probeHttp } from "./http.ts";
import type { ProbeResult } from "./probe-result.ts";
import { probeTcp } from "./tcp.ts";

/** Where a handler acts. */
export interface HandlerTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly podIp: string;
  exec(command: readonly string[]): ExecProcess;
}

/** Runs a probe's or a hook's action once. Never rejects. */
export async function runHandler(
  handler: ProbeHandler,
  target: HandlerTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { exec, httpGet, tcpSocket } = handler;
  try {
    if (exec !== undefined) return await probeExec(() => target.exec(exec.command ?? []), signal);
    if (httpGet !== undefined) return await probeHttp(httpTarget(httpGet, target), signal);
    if (tcpSocket !== undefined) {
      const port = portNumber(tcpSocket.port, target.container);
      return await probeTcp(tcpSocket.host || target.podIp, port, signal);
    }
  } catch (error) {
    return { success: false, message: (error as Error).message };
  }
  return {
    success: false,
    message: "this handler is not supported here; use exec, httpGet or tcpSocket",
  };
}

/** A port by number or by the name of one of the container's ports. Throws on an unknown name. */
export function portNumber(port: number | string, container: Container): number {
  const number = Number(port);
  const named = container.ports?.find((candidate) => candidate.name === port)?.containerPort;
  const found = Number.isInteger(number) ? number : named;
  if (found === undefined) throw new Error(`couldn't find port: "${port}" in the container`);
  return found;
}

function httpTarget(action: HTTPGetAction, { container, podIp }: HandlerTarget): HttpTarget {
  const headers = (action.httpHeaders ?? []).map(({ name, value }) => [name, value]);
  return {
    scheme: action.scheme === "HTTPS" ? "https" : "http",
    host: action.host || podIp,
    port: portNumber(action.port, container),
    path: action.path || "/",
    headers: Object.fromEntries(headers) as Record<string, string>,
  };
}
