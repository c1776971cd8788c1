import { spawn } from "node:child_process";
import { namespacedName } from "@kubehop/api";
import { BY_SERVICE } from "../../caches.ts";
import type { Controller, Context } from "../controller.ts";
import { familyOf } from "./address-pool.ts";
import { backendAddresses, ingressAddresses, isOurs } from "./plan.ts";

const KEY = "routes";
/** Marks the routes that are ours; any number that no routing daemon uses. */
const PROTOCOL = "96";
const COMMAND_MS = 10_000;

/**
 * Keeps a route in this process's network for each address of a load balancer, to the nodes that
 * can serve it: what a load balancer in front of a cluster does with what it knows of the nodes.
 */
export const loadBalancerRoutesController: Controller = {
  name: "load_balancer_routes",
  workers: 1,
  build(context, queue) {
    const { caches, settings } = context;
    if (!settings.loadBalancerRoutes) return async () => {};
    const add = (): void => queue.add(KEY);
    for (const cache of [caches.Service, caches.EndpointSlice, caches.Node]) cache.onChange(add);
    add();
    return async (_, signal) => {
      const current = new Map<string, readonly string[]>();
      for (const family of ["-4", "-6"]) {
        const text = await run([family, "-json", "route", "show", "proto", PROTOCOL], "", signal);
        for (const [ip, hops] of parseRoutes(text)) current.set(ip, hops);
      }
      const lines = planRoutes(current, wantedRoutes(context));
      if (lines.length > 0) await run(["-batch", "-"], `${lines.join("\n")}\n`, signal);
    };
  },
};

/** Which nodes each address leads to; an address that leads nowhere is absent. */
function wantedRoutes({ caches }: Context): Map<string, readonly string[]> {
  const nodes = caches.Node.store.list();
  const routes = new Map<string, readonly string[]>();
  for (const service of caches.Service.store.list().filter(isOurs)) {
    const slices = caches.EndpointSlice.store.byIndex(BY_SERVICE, namespacedName(service));
    const backends = backendAddresses(service, nodes, slices);
    for (const ip of ingressAddresses(service)) {
      const hops = backends.filter((address) => familyOf(address) === familyOf(ip));
      if (hops.length > 0) routes.set(ip, hops);
    }
  }
  return routes;
}

/** The routes in the output of `ip -json route show`: address → next hops. */
export function parseRoutes(json: string): Map<string, readonly string[]> {
  interface Hop {
    readonly gateway?: string;
  }
  const routes = (json.trim() === "" ? [] : JSON.parse(json)) as (Hop & {
    readonly dst: string;
    readonly nexthops?: readonly Hop[];
  })[];
  return new Map(
    routes.map(({ dst, gateway, nexthops = [{ gateway }] }) => {
      const hops = (nexthops as readonly Hop[]).flatMap((hop) => hop.gateway ?? []);
      return [dst, hops.toSorted()];
    }),
  );
}

/** The lines of `ip -batch` that make the present routes the wanted ones. */
export function planRoutes(
  current: ReadonlyMap<string, readonly string[]>,
  wanted: ReadonlyMap<string, readonly string[]>,
): string[] {
  const gone = [...current.keys()].filter((ip) => !wanted.has(ip));
  const changed = [...wanted].filter(([ip, hops]) => String(current.get(ip)) !== String(hops));
  return [
    ...gone.map((ip) => `route del ${ip} proto ${PROTOCOL}`),
    ...changed.map(([ip, hops]) => {
      const via = hops.map((hop) => `nexthop via ${hop}`).join(" ");
      return `route replace ${ip} proto ${PROTOCOL} ${via}`;
    }),
  ];
}

/** Runs `ip` and gives its output; rejects with what it says when it fails. */
async function run(args: readonly string[], input: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn("ip", args, { timeout: COMMAND_MS, signal, stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  child.once("error", reject);
  child.once("close", (code) => {
    if (code === 0) resolve(output.stdout);
    else reject(new Error(`ip ${args.join(" ")}: ${output.stderr.trim() || `code ${code}`}`));
  });
  child.stdin.on("error", () => {}).end(input);
  return promise;
}
