import { fastify, type FastifyInstance, type LightMyRequestResponse } from "fastify";
import { describe, expect, it } from "vitest";
import { MASTERS } from "../auth/user.ts";
import { addInFlightLimits, type InFlightLimits } from "./in-flight.ts";
import { parseResourceRequest } from "./request-info.ts";

const PODS = "/api/v1/namespaces/default/pods";

interface Scene {
  readonly app: FastifyInstance;
  /** Sends a request; resolves when it was answered. */
  send(method: "GET" | "POST", url: string, group?: string): Promise<LightMyRequestResponse>;
  /** Lets the handlers answer. */
  open(): void;
  /** How many requests have reached their handler. */
  readonly entered: () => number;
}

/** An application whose handlers wait until they are let go. */
function createScene(limits: InFlightLimits): Scene {
  const gate = Promise.withResolvers<void>();
  const app = fastify();
  let entered = 0;
  app.decorateRequest("context", null as never);
  app.addHook("onRequest", async (request) => {
    const [path = "", text = ""] = request.url.split("?");
    const query = new URLSearchParams(text);
    const resource = parseResourceRequest(request.method, path, query);
    const user = { username: "u", groups: [String(request.headers["x-group"])] };
    request.context = { path, query, resource, user, now: 0 };
  });
  addInFlightLimits(app, limits);
  app.all("/*", async () => {
    entered += 1;
    await gate.promise;
    return "done";
  });
  return {
    app,
    send: (method, url, group = "g") => app.inject({ method, url, headers: { "x-group": group } }),
    open: () => gate.resolve(),
    entered: () => entered,
  };
}

async function reached(scene: Scene, count: number): Promise<void> {
  while (scene.entered() < count) await new Promise(setImmediate);
}

describe("requests beyond the limit", () => {
  it("are told to come again; those before them are answered, and there is room again", async () => {
    const scene = createScene({ readOnly: 2, mutating: 1 });
    const first = [scene.send("GET", PODS), scene.send("GET", PODS)];
    await reached(scene, 2);
    const refused = await scene.send("GET", PODS);
    expect([refused.statusCode, refused.headers["retry-after"], refused.body]).toEqual([
      429,
      "1",
      "Too many requests, please try again later.\n",
    ]);
    const write = scene.send("POST", PODS);
    await reached(scene, 3);
    expect((await scene.send("POST", PODS)).statusCode).toBe(429);
    scene.open();
    const codes = (await Promise.all([...first, write])).map(({ statusCode }) => statusCode);
    expect(codes).toEqual([200, 200, 200]);
    expect((await scene.send("GET", PODS)).statusCode).toBe(200);
  });

  it.each([
    ["a watch", `${PODS}?watch=1`],
    ["a log", `${PODS}/a/log`],
    ["the stream of hops", "/apis/kubehop.dev/v1alpha1/hops"],
  ])("that are %s don't count", async (_what, url) => {
    const scene = createScene({ readOnly: 1, mutating: 1 });
    const lasting = [scene.send("GET", url), scene.send("GET", url)];
    await reached(scene, 2);
    const read = scene.send("GET", PODS);
    await reached(scene, 3);
    scene.open();
    expect((await Promise.all([...lasting, read])).map((one) => one.statusCode)).toEqual([
      200, 200, 200,
    ]);
  });

  it("of a member of system:masters are answered all the same", async () => {
    const scene = createScene({ readOnly: 1, mutating: 1 });
    const first = scene.send("GET", PODS);
    await reached(scene, 1);
    const second = scene.send("GET", PODS, MASTERS);
    await reached(scene, 2);
    scene.open();
    expect((await Promise.all([first, second])).map((one) => one.statusCode)).toEqual([200, 200]);
  });

  it("don't exist without a limit", async () => {
    const scene = createScene({ readOnly: 0, mutating: 0 });
    const all = Array.from({ length: 20 }, () => scene.send("POST", PODS));
    await reached(scene, 20);
    scene.open();
    expect(new Set((await Promise.all(all)).map((one) => one.statusCode))).toEqual(new Set([200]));
  });
});
