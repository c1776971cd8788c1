import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { Resolver } from "node:dns/promises";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { dataPath, PROGRAM_SOURCES } from "@kubehop/kit/programs";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const BUNDLE_MS = 110_000;
const COREFILE = `.:0 {
    bind 127.0.0.1
    multisocket 2
    hosts {
        192.0.2.7 here.test
    }
}
`;

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kubehop-bundles-"));
  const bundle = dataPath("tools/image/bundle.mjs");
  await promisify(execFile)(process.execPath, [bundle, folder], { timeout: BUNDLE_MS });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("programs bundled for the image", () => {
  test.each(Object.keys(PROGRAM_SOURCES))("%s is one of them", async (program) => {
    await access(join(folder, `${program}.mjs`));
  });

  test("start their threads", async () => {
    const corefile = join(folder, "Corefile");
    await writeFile(corefile, COREFILE);
    const child = spawn(process.execPath, [join(folder, "dns.mjs"), "--conf", corefile]);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    try {
      const port = await waitFor(() => /"port":(\d+)/.exec(output)?.[1], {
        describe: () => `the DNS server to listen; it said: ${output}`,
      });
      const resolver = new Resolver();
      resolver.setServers([`127.0.0.1:${port}`]);
      for (let count = 0; count < 16; count += 1) {
        expect(await resolver.resolve4("here.test")).toEqual(["192.0.2.7"]);
      }
      expect(output).not.toContain('"level":"error"');
    } finally {
      child.kill();
      await once(child, "exit");
    }
  });
});
