import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { logPath, openLogFile } from "./log-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-log-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (fd: number, text: string): unknown =>
  spawnSync("sh", ["-c", `echo ${text}`], { stdio: ["ignore", fd, fd] });

it("moves a grown log aside while its writer goes on", () => {
  const path = logPath(directory, "kube-proxy/node-1");
  expect(path).toBe(join(directory, "kube-proxy-node-1.log"));
  using log = openLogFile(path, 4);
  write(log.fd, "before");
  log.bound();
  write(log.fd, "me");
  log.bound();
  expect(readFileSync(`${path}.1`, "utf8")).toBe("before\n");
  expect(readFileSync(path, "utf8")).toBe("me\n");
});
