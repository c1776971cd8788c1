import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "@kubehop/testkit";
import { expect, test } from "vitest";
import { endpointsReady, podsOf, readyAddresses, slicesOf } from "../support/cluster.ts";
import { describeComposeLab } from "../support/describe-compose-lab.ts";
import { dockerOk } from "../support/engine.ts";
import { ROOT } from "../support/paths.ts";

const FILES = ["docker-compose.yml", "docker-compose.static.yml"];
const SOCKET = "/var/run/docker.sock";

describeComposeLab("the compose lab without the engine's socket", { files: FILES }, (lab) => {
  test("answers a client's curl, as docs/docker.md says", async () => {
    const guide = await readFile(join(ROOT, "docs/docker.md"), "utf8");
    const compose = `docker compose ${FILES.map((file) => `-f ${file}`).join(" ")}`;
    const asked = "exec client curl -s http://my-api/hello";
    for (const typed of ["up -d --wait", asked, "down -v"]) {
      expect(guide).toContain(`$ ${compose} ${typed}\n`);
    }
    await endpointsReady(lab(), "my-api", 2);
    const { stdout } = await lab().exec("client", "curl", "-s", "http://my-api/hello");
    expect(stdout).toContain('"node":"node-');
  });

  test("has no container with the socket", async () => {
    const ids = (await lab().compose("ps", "-q")).trim().split("\n");
    expect(ids.length).toBeGreaterThan(10);
    expect(await dockerOk(["inspect", "--format", "{{json .Mounts}}", ...ids])).not.toContain(
      SOCKET,
    );
  });

  test("takes out a pod that is gone, and in again, by its probe", async () => {
    await lab().compose("kill", "my-api");
    const ready = async (): Promise<string[]> => readyAddresses(await slicesOf(lab(), "my-api"));
    await waitFor(async () => (await ready()).length === 1, { timeoutMs: 60_000 });
    expect(await podsOf(lab(), "app=my-api")).toHaveLength(2);
    await lab().compose("start", "my-api");
    await waitFor(async () => (await ready()).length === 2, { timeoutMs: 60_000 });
  });
});
