import { Kinds } from "@kubehop/api";
import { loadKubeconfig } from "@kubehop/client";
import { createRandom } from "@kubehop/kit";
import {
  type ApiServerProcess,
  type NatsServer,
  startApiServer,
  startNats,
} from "@kubehop/testkit";
import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChoice } from "./testing/fuzz/choice.ts";
import { fuzz } from "./testing/fuzz/fuzzer.ts";
import { RAW_CASES, type RawTarget, runPlain, runRaw } from "./testing/fuzz/raw-sockets.ts";
import { kindsOf, type OpenApiDocument } from "./testing/fuzz/requests.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const REQUESTS = Number(process.env["TEST_REQUESTS"] ?? 20_000);
/** What the server may grow by: objects that fuzz made, and garbage not collected yet. */
const GROWTH_MIB = 400;

let nats: NatsServer;
let server: ApiServerProcess;
let target: RawTarget;
let pool: Pool;

beforeAll(async () => {
  nats = await startNats();
  server = await startApiServer(nats);
  const { server: origin, ca = "", cert = "", key = "" } = loadKubeconfig(server.kubeconfig);
  target = { port: Number(new URL(origin).port), ca, cert, key };
  const connect = { ca, cert, key, timeout: 60_000 };
  pool = new Pool(origin, {
    connect,
    connections: 24,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
});

afterAll(async () => {
  await pool.destroy();
  await server[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

// oxlint-disable-next-line typescript/no-explicit-any
async function get(path: string): Promise<any> {
  const { statusCode, body } = await pool.request({ method: "GET", path });
  const text = await body.text();
  expect([path, statusCode]).toEqual([path, 200]);
  return text.startsWith("{") ? JSON.parse(text) : text;
}

function memoryMiB(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
}

async function readDocuments(): Promise<OpenApiDocument[]> {
  const { paths } = await get("/openapi/v3");
  const urls = Object.values(paths as Record<string, { serverRelativeURL: string }>);
  return Promise.all(urls.map(({ serverRelativeURL }) => get(serverRelativeURL)));
}

it(
  `${REQUESTS} requests out of the OpenAPI documents leave it healthy (TEST_SEED=${SEED})`,
  { timeout: 600_000 },
  async () => {
    const kinds = kindsOf(await readDocuments());
    expect(kinds.length).toBeGreaterThan(30);
    const before = memoryMiB();
    const choice = createChoice(createRandom(SEED));
    const { codes, defects, slowestMs } = await fuzz({ pool, kinds, choice, requests: REQUESTS });
    const after = memoryMiB();
    const figures = { seed: SEED, codes: Object.fromEntries(codes), slowestMs, before, after };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(defects).toEqual([]);
    expect(codes.size).toBeGreaterThan(8);
    expect(after).toBeLessThan(before + GROWTH_MIB);
    expect(await get("/readyz")).toBe("ok");
    const metrics = (await get("/metrics")) as string;
    expect(metrics.split("\n").filter((line) => /nothing|approval/.test(line))).toEqual([]);
    const metadata = { name: "after-all", namespace: "default" };
    const draft = { apiVersion: "v1", kind: "ConfigMap", metadata } as const;
    const made = await server.rest.create(Kinds.ConfigMap, draft);
    expect(Object.keys(made)).toEqual(["apiVersion", "kind", "metadata"]);
  },
);

it(
  "raw bytes get the answers they are due, and every connection ends",
  { timeout: 180_000 },
  async () => {
    // What is no TLS ends without an answer.
    const plain = [
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      Buffer.from([0x16, 0x03, 0x01, 0xff, 0xff, 0x01]),
      "",
      Buffer.alloc(100_000, 0xa5),
    ].map((bytes) => runPlain(target.port, bytes));
    const outcomes = await Promise.all(
      RAW_CASES.map(async (one) => {
        const codes = await runRaw(target, one).catch((error: unknown) => [String(error)]);
        return `${one.name}: ${codes.join(" ")}`;
      }),
    );
    const expected = RAW_CASES.map(({ name, codes, count = 1 }) => {
      const all = Array.from({ length: count }, () => codes).flat();
      return `${name}: ${all.join(" ")}`;
    });
    expect(outcomes).toEqual(expected);
    await Promise.all(plain);
    expect(await get("/livez")).toBe("ok");
  },
);
