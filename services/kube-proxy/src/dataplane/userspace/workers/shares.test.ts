import { buildTable, diffTables, type ServiceTable } from "@kubehop/routing";
import { describe, expect, it } from "vitest";
import { NODE, type LoopbackService, toObjects } from "../../testing/loopback-cluster.ts";
import { dealOut, soleWorker } from "./shares.ts";

const WORKERS = 3;
const AFFINITY = { spec: { sessionAffinity: "ClientIP" as const } };

describe("dealOut", () => {
  it("gives a TCP frontend without affinity to every worker", () => {
    const table = tableOf(service("a"));
    const shares = dealOut(diffTables(undefined, table), WORKERS);
    expect(shares.map(({ set }) => set.length)).toEqual([1, 1, 1]);
  });

  it("gives what has a memory to one worker alone, all addresses of a port to the same", () => {
    const names = Array.from({ length: 40 }, (_, n) => `svc-${n}`);
    const affine = names.map((name, n) => service(name, { ...AFFINITY, nodePort: 30_000 + n }));
    const udp = names.map((name) => service(`${name}-udp`, { protocol: "UDP" }));
    const table = tableOf(...affine, ...udp);
    const shares = dealOut(diffTables(undefined, table), WORKERS);
    const dealt = shares.flatMap(({ set }) => set.map(({ key }) => key));
    expect(dealt.toSorted()).toEqual([...table.frontends.keys()].toSorted());
    for (const { set } of shares) expect(set.length).toBeGreaterThan(0);
    const workersOf = new Map<string, Set<number>>();
    shares.forEach(({ set }, worker) => {
      for (const { service: port } of set) {
        workersOf.set(port.key, (workersOf.get(port.key) ?? new Set()).add(worker));
      }
    });
    for (const workers of workersOf.values()) expect(workers.size).toBe(1);
  });

  it("takes a frontend from all but one worker when it gets affinity, and gives it back", () => {
    const [plain, affine] = [tableOf(service("a")), tableOf(service("a", AFFINITY))];
    const [frontend] = affine.frontends.values();
    if (frontend === undefined) throw new Error("no frontend");
    const sole = soleWorker(frontend, WORKERS);
    const there = dealOut(diffTables(plain, affine), WORKERS);
    there.forEach(({ set, gone }, worker) => {
      expect(set.length).toBe(worker === sole ? 1 : 0);
      expect(gone).toEqual(worker === sole ? [] : [frontend.key]);
    });
    const back = dealOut(diffTables(affine, plain), WORKERS);
    for (const { set, gone } of back) expect([set.length, gone.length]).toEqual([1, 0]);
  });

  it("takes a removed frontend from those that have it, and from no other", () => {
    const [none, affine] = [tableOf(), tableOf(service("a", AFFINITY))];
    const gone = dealOut(diffTables(affine, none), WORKERS).map((share) => share.gone.length);
    expect(gone.toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
  });
});

function service(name: string, more: Partial<LoopbackService> = {}): LoopbackService {
  const number = Number(/\d+/.exec(name)?.[0] ?? 0);
  const [ip, port] = [more.protocol === "UDP" ? "10.96.0.2" : "10.96.0.1", 1_000 + number];
  return { name, ip, port, targetPort: 80, endpoints: ["10.244.0.5"], ...more };
}

function tableOf(...services: readonly LoopbackService[]): ServiceTable {
  const objects = services.map(toObjects);
  return buildTable(
    objects.map((each) => each.service),
    objects.map((each) => each.slice),
    NODE,
    "1",
  );
}
