import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "./testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const PATH = "/api/v1/namespaces/default/configmaps";

function configMap(name: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { name } };
}

/** Keeps on creating objects until told to stop; gives the names by the answer's code. */
function writer(prefix: string): { stop(): Promise<ReadonlyMap<number, readonly string[]>> } {
  const answers = new Map<number, string[]>();
  const stop = new AbortController();
  const run = async (worker: number): Promise<void> => {
    for (let index = 0; !stop.signal.aborted; index += 1) {
      const name = `${prefix}-${worker}-${index}`;
      const { status } = await server.send(PATH, { method: "POST", body: configMap(name) });
      answers.set(status, [...(answers.get(status) ?? []), name]);
    }
  };
  const workers = Promise.all(Array.from({ length: 8 }, (_, worker) => run(worker)));
  return {
    async stop() {
      stop.abort();
      await workers;
      return answers;
    },
  };
}

async function storedNames(): Promise<Set<string>> {
  const { body } = await server.send(PATH);
  return new Set(body.items.map((object: Named) => object.metadata.name));
}

describe("with nats-server killed in the middle of writes", () => {
  it("no acknowledged write is lost, none is stored twice, watchers miss nothing", async () => {
    const from = (await server.send(PATH)).body.metadata.resourceVersion;
    using watch = await server.stream(`${PATH}?watch=1&resourceVersion=${from}`);
    const writes = writer("kill");
    for (let round = 0; round < 3; round += 1) {
      const before = watch.lines.length;
      await waitFor(() => watch.lines.length > before + 50);
      await server.nats.kill();
      await server.nats.restart();
    }
    const before = watch.lines.length;
    await waitFor(() => watch.lines.length > before + 50);
    const answers = await writes.stop();

    const created = answers.get(201) ?? [];
    const stored = await storedNames();
    expect(created.filter((name) => !stored.has(name))).toEqual([]);
    expect([...answers.keys()].filter((code) => code !== 201 && code !== 504)).toEqual([]);
    // The watch also tells of writes that were stored without an answer: counting is not enough.
    const unseen = (): string[] => {
      const seen = new Set(watch.lines.map(nameOf));
      return created.filter((name) => !seen.has(name));
    };
    await waitFor(() => unseen().length === 0, { describe: () => `events of ${unseen().join()}` });
    const seen = watch.lines.map(nameOf);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("requests wait for it, and reads go on meanwhile", async () => {
    await server.nats.kill();
    const write = server.send(PATH, { method: "POST", body: configMap("waited") });
    expect((await server.send(PATH)).status).toBe(200);
    await waitFor(async () => (await server.send("/readyz")).status === 500);
    expect((await server.send("/livez")).status).toBe(200);
    await server.nats.restart();
    expect((await write).status).toBe(201);
    await waitFor(async () => (await server.send("/readyz")).status === 200);
  });

  it("what stays unconfirmed, be it a write or an absence, is 504 and when to try again", async () => {
    await server.nats.kill();
    const [answer, unknown] = await Promise.all([
      server.send(PATH, { method: "POST", body: configMap("lost") }),
      server.send(`${PATH}/unknown`),
    ]);
    await server.nats.restart();
    expect([unknown.status, unknown.body.reason]).toEqual([504, "Timeout"]);
    expect([answer.status, answer.body.reason]).toEqual([504, "Timeout"]);
    expect(answer.headers["retry-after"]).toBe("1");
    expect(answer.body.message).toContain("is nats-server running?");
  });
});

interface Named {
  readonly metadata: { readonly name: string };
}

function nameOf({ object }: { readonly object: Named }): string {
  return object.metadata.name;
}
