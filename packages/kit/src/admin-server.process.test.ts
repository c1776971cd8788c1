import { describe, expect, it } from "vitest";
import { type CheckResult, createAdminServer, splitHostPort } from "./admin-server.ts";
import { createMetrics } from "./metrics.ts";

describe("createAdminServer", () => {
  it("answers health paths as kube-apiserver does, and metrics", async () => {
    let synced: CheckResult = "informers have not synced";
    await using admin = await createAdminServer({
      listen: "127.0.0.1:0",
      metrics: createMetrics(),
      ready: { "informer-sync": () => synced },
    });
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${admin.port}${path}`);
      return { status: response.status, text: await response.text() };
    };

    expect(await get("/livez")).toEqual({ status: 200, text: "ok" });
    expect(await get("/readyz")).toEqual({
      status: 500,
      text: "[+]ping ok\n[-]informer-sync failed: informers have not synced\nreadyz check failed\n",
    });
    expect(await get("/readyz?exclude=informer-sync")).toEqual({ status: 200, text: "ok" });
    expect(await get("/readyz/informer-sync")).toEqual({
      status: 500,
      text: "internal server error: informers have not synced\n",
    });
    expect(await get("/readyz/ping")).toEqual({ status: 200, text: "ok" });
    expect((await get("/readyz/unknown")).status).toBe(404);
    synced = true;
    expect(await get("/readyz?verbose")).toEqual({
      status: 200,
      text: "[+]ping ok\n[+]informer-sync ok\nreadyz check passed\n",
    });
    expect((await get("/metrics")).text).toContain("process_cpu_seconds_total");
  });

  it("rejects when the port is taken", async () => {
    await using first = await createAdminServer({ listen: "127.0.0.1:0" });
    await expect(createAdminServer({ listen: `127.0.0.1:${first.port}` })).rejects.toThrow(
      "EADDRINUSE",
    );
  });
});

describe("splitHostPort", () => {
  it.each([
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["[fd00::1]:10250", { host: "fd00::1", port: 10250 }],
  ])("splits %s", (text, expected) => expect(splitHostPort(text)).toEqual(expected));

  it.each(["127.0.0.1", "fd00::1:80:x", ""])("refuses %j", (text) => {
    expect(() => splitHostPort(text)).toThrow("ip:port");
  });
});
