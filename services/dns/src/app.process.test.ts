import { once } from "node:events";
import { createServer } from "node:net";
import { rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rcodeName } from "@kubehop/dns-wire";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { namespace, service } from "./testing/cluster-objects.ts";
import { ask, recordLines, startDns } from "./testing/dns-fixture.ts";
import { createMemorySource } from "./testing/memory-source.ts";

const HTTP = "127.0.0.1:0";

function block(directives: string, key = ".:0"): string {
  return `${key} {\n bind 127.0.0.1\n errors\n ${directives}\n}\n`;
}

async function get(port: number | undefined, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${response.status} ${await response.text()}`;
}

describe("a Corefile that cannot be used", () => {
  it.each([
    [
      "nothing known",
      "nonsense",
      "Corefile:4:2: Unknown directive 'nonsense'; expected one of root",
    ],
    [
      "an unknown property",
      "cache {\n size 3\n}",
      'Corefile:5:2: unknown property "size" of cache',
    ],
    [
      "a directive twice",
      "loop\nloop",
      "Corefile:5:1: loop can only be used once per server block",
    ],
    [
      "a number that is none",
      "kubernetes a {\n ttl x\n}",
      'Corefile:5:6: ttl: "x" is not a whole number from 0 to 3600',
    ],
    ["a TTL too large", "kubernetes a {\n ttl 3601\n}", "from 0 to 3600"],
    [
      "only reverse zones",
      "kubernetes in-addr.arpa",
      "expected at least one zone that is not a reverse zone",
    ],
    [
      "both namespace filters",
      "kubernetes a {\n namespaces x\n namespace_labels y\n}",
      "cannot both be set",
    ],
    [
      "several clusters",
      "kubernetes a {\n multicluster a\n}",
      'the property "multicluster" is not supported',
    ],
    [
      "a wrong pod mode",
      "kubernetes a {\n pods maybe\n}",
      '"maybe" is not disabled, insecure or verified',
    ],
    [
      "no upstream",
      "forward .",
      "Corefile:4:2: forward has 1 argument(s); expected: forward FROM TO…",
    ],
    ["an upstream's file", "forward . ./dns.example", '"./dns.example" is no upstream'],
    ["a wrong duration", "health {\n lameduck soon\n}", '"soon" is not a duration'],
    ["a short interval", "reload 1s", '"1s" is not at least 2s'],
    ["a wrong format", 'log "{nope}"', "there is no {nope}"],
    ["a wrong address", "prometheus nine", '"nine" is not an address'],
    ["a wrong expression", 'errors {\n consolidate 1s "("\n}', "errors can only be used once"],
    ["no cluster", "kubernetes cluster.local", "no bus is configured: give --bus-url"],
  ])("with %s does not start", async (_what, directives, message) => {
    await expect(startDns({ corefile: block(directives) })).rejects.toThrow(message);
  });

  it("with a zone served twice does not start", async () => {
    const corefile = block("whoami", "a:0 b:0") + block("whoami", "b:0");
    const text = "cannot serve dns://b.:0 - it is already defined";
    await expect(startDns({ corefile })).rejects.toThrow(text);
  });

  it("with a port that is taken does not start, and leaves nothing open", async () => {
    const port = await freePort();
    const blocker = createServer().listen(port, "127.0.0.1");
    await once(blocker, "listening");
    const corefile = block("whoami", `.:${port}`);
    await expect(startDns({ corefile })).rejects.toThrow("EADDRINUSE");
    blocker.close();
    await once(blocker, "close");
    await using dns = await startDns({ corefile });
    expect(dns.port).toBe(port);
  });
});

describe("reload", () => {
  it("takes a changed Corefile over and keeps the sockets", async () => {
    const first = block("hosts {\n 192.0.2.1 a.example\n}");
    await using dns = await startDns({ corefile: first });
    const lookup = async () => recordLines((await ask(dns.port, "a.example.", "A")).answers);
    expect(await lookup()).toEqual(["a.example. 3600 A 192.0.2.1"]);
    const asking = new AbortController();
    const stream = (async () => {
      let answered = 0;
      while (!asking.signal.aborted) {
        const reply = await ask(dns.port, "a.example.", "A");
        expect(rcodeName(reply.rcode)).toBe("NOERROR");
        answered++;
      }
      return answered;
    })();
    for (let version = 2; version < 8; version++) {
      await dns.writeCorefile(block(`hosts {\n 192.0.2.${version} a.example\n}`));
      await dns.server.checkCorefile();
      expect(await lookup()).toEqual([`a.example. 3600 A 192.0.2.${version}`]);
    }
    asking.abort();
    expect(await stream).toBeGreaterThan(0);
    expect(dns.log.filter((line) => line.includes("Reloading complete"))).toHaveLength(6);
  });

  it("keeps the old configuration when the new one is wrong, and says so", async () => {
    await using dns = await startDns({ corefile: block("whoami") });
    await dns.writeCorefile(block("whoami\n nonsense"));
    await dns.server.checkCorefile();
    await dns.server.checkCorefile();
    expect(rcodeName((await ask(dns.port, "a.example.", "A")).rcode)).toBe("NOERROR");
    expect(dns.log.join("")).toContain("Corefile changed but reload failed");
    expect(dns.log.join("")).toContain("Unknown directive 'nonsense'");
    expect(await dns.metric("coredns_reload_failed_total")).toMatch(/ 1$/m);
  });

  it("follows a mounted ConfigMap, whose folder is swapped as a whole", async () => {
    await using dns = await startDns({ corefile: block("whoami") });
    const inside = (name: string) => join(dns.folder, name);
    const mount = async (version: number): Promise<void> => {
      const text = block(`hosts /dev/null {\n 192.0.2.${version} a.example\n}`);
      await dns.writeFile(`..${version}/Corefile`, text);
      await symlink(`..${version}`, inside("..data_tmp"));
      await rename(inside("..data_tmp"), inside("..data"));
    };
    await mount(1);
    await rm(inside("Corefile"));
    await symlink("..data/Corefile", inside("Corefile"));
    for (const version of [2, 3]) {
      await mount(version);
      await dns.server.checkCorefile();
      const { answers } = await ask(dns.port, "a.example.", "A");
      expect(recordLines(answers)).toEqual([`a.example. 3600 A 192.0.2.${version}`]);
    }
  });

  it("tells of a text that cannot be parsed once", async () => {
    await using dns = await startDns({ corefile: block("whoami") });
    for (const text of ["whoami {", "whoami {", "whoami {\n"]) {
      await dns.writeCorefile(block(text));
      await dns.server.checkCorefile();
    }
    expect(await dns.metric("coredns_reload_failed_total")).toMatch(/ 1$/m);
    await dns.writeCorefile(block("hosts /dev/null {\n 192.0.2.1 a.example\n}"));
    await dns.server.checkCorefile();
    expect((await ask(dns.port, "a.example.", "A")).answers).toHaveLength(1);
  });

  it("loses no query under load, whatever changes", async () => {
    const served = (version: number) =>
      block(`cache 5\n bufsize ${600 + version}\n hosts {\n 192.0.2.1 a.example\n}`);
    await using dns = await startDns({ corefile: served(0) });
    const sent = { count: 0, answered: 0 };
    const asking = new AbortController();
    const worker = async (protocol: "udp" | "tcp"): Promise<void> => {
      while (!asking.signal.aborted) {
        sent.count++;
        const { answers } = await ask(dns.port, "a.example.", "A", { protocol });
        sent.answered += answers.length;
      }
    };
    const load = [...Array(12).fill("udp"), ...Array(4).fill("tcp")].map(worker);
    for (let version = 1; version <= 10; version++) {
      const text = version % 3 === 0 ? block("broken") : served(version);
      await dns.writeCorefile(text);
      await dns.server.checkCorefile();
      const before = sent.answered;
      await waitFor(() => sent.answered > before + 20);
    }
    asking.abort();
    await Promise.all(load);
    expect(sent.answered).toBe(sent.count);
    expect(await dns.metric("coredns_reload_failed_total")).toMatch(/ 3$/m);
  });

  it("does nothing for comments and layout", async () => {
    await using dns = await startDns({ corefile: block("whoami") });
    await dns.writeCorefile(`# new\n${block("  whoami # same")}`);
    await dns.server.checkCorefile();
    expect(dns.log.join("")).not.toContain("Reloading");
  });

  it("polls the file by itself", async () => {
    await using dns = await startDns({ corefile: block("reload 2s 0s\n whoami") });
    await dns.writeCorefile(block("reload 2s 0s\n hosts {\n 192.0.2.9 a.example\n}"));
    await waitFor(async () => (await ask(dns.port, "a.example.", "A")).answers.length === 1);
  });

  it("moves HTTP ports and server blocks", async () => {
    await using dns = await startDns({ corefile: block(`health ${HTTP}\n whoami`, "a.example:0") });
    expect(await get(dns.server.httpPort(HTTP), "/health")).toBe("200 OK");
    await dns.writeCorefile(block("whoami", "b.example:0"));
    await dns.server.checkCorefile();
    expect(dns.server.httpPort(HTTP)).toBeUndefined();
    expect(rcodeName((await ask(dns.port, "a.example.", "A")).rcode)).toBe("REFUSED");
    expect(rcodeName((await ask(dns.port, "b.example.", "A")).rcode)).toBe("NOERROR");
  });
});

describe("health and ready", () => {
  it("answer by the plugins' state", async () => {
    const source = createMemorySource({ synced: false });
    const plugins = `health ${HTTP}\n ready ${HTTP}\n kubernetes a {\n startup_timeout 1ms\n}`;
    await using dns = await startDns({ corefile: block(plugins), source });
    const port = dns.server.httpPort(HTTP);
    expect(await get(port, "/health")).toBe("200 OK");
    expect(await get(port, "/ready")).toBe("503 kubernetes");
    expect(await get(port, "/other")).toBe("404 404 page not found\n");
    source.sync();
    expect(await get(port, "/ready")).toBe("200 OK");
  });

  it("close ready first, and answer queries until lameduck ends", async () => {
    // Long enough for all that is asked meanwhile.
    const corefile = block(`health ${HTTP} { lameduck 5s }\n ready ${HTTP}\n whoami`);
    const dns = await startDns({ corefile });
    const port = dns.server.httpPort(HTTP);
    const stopping = dns[Symbol.asyncDispose]();
    await waitFor(async () => (await get(port, "/ready")).startsWith("404"));
    expect(await get(port, "/health")).toBe("200 OK");
    expect(rcodeName((await ask(dns.port, "a.example.", "A")).rcode)).toBe("NOERROR");
    await stopping;
  });
});

describe("loop", () => {
  it("ends the process when its own probe comes back", async () => {
    const port = await freePort();
    const directives = `loop\n forward . 127.0.0.1:${port} {\n read_timeout 200ms\n }`;
    await using dns = await startDns({ corefile: block(directives, `.:${port}`) });
    await waitFor(() => dns.aborts() > 0);
    expect(dns.log.join("")).toMatch(
      /plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :\d+\) detected for zone \\"\.\\", see https:\/\/coredns\.io\/plugins\/loop#troubleshooting\. Query: \\"HINFO /,
    );
  });

  it("stays quiet when there is none", async () => {
    await using dns = await startDns({ corefile: block("loop\n whoami\n log") });
    await waitFor(() => dns.log.some((line) => line.includes("HINFO")));
    expect(dns.aborts()).toBe(0);
  });
});

describe("log and errors", () => {
  it("write CoreDNS' lines", async () => {
    await using dns = await startDns({ corefile: block("log\n whoami") });
    await ask(dns.port, "Example.org.", "A", { edns: { udpSize: 4096 } });
    expect(dns.log.join("")).toMatch(
      /127\.0\.0\.1:\d+ - 4711 \\"A IN example\.org\. udp 40 false 4096\\" NOERROR qr,aa,rd \d+ 0\.\d{9}s/,
    );
  });

  it("consolidate errors by a pattern", async () => {
    const consolidate = 'errors {\n consolidate 3s "no entry" warning\n }';
    const corefile = `.:0 {\n bind 127.0.0.1\n ${consolidate}\n hosts\n}`;
    await using dns = await startDns({ corefile });
    for (let round = 0; round < 3; round++) {
      const reply = await ask(dns.port, "unknown.example.", "A");
      expect(rcodeName(reply.rcode)).toBe("SERVFAIL");
    }
    await waitFor(() => dns.log.some((line) => line.includes("3 errors like 'no entry' occurred")));
    expect(dns.log.join("")).not.toContain("plugin/errors: 2 ");
  });
});

describe("log's formats and classes", () => {
  const lines = async (directive: string, names: readonly string[]) => {
    const plugins = `template IN A gone.example {\n rcode NXDOMAIN\n}\n hosts /dev/null {\n 192.0.2.1 a.example\n}`;
    await using dns = await startDns({ corefile: block(`${directive}\n ${plugins}`) });
    for (const name of names) {
      for (const protocol of ["udp", "tcp"] as const) await ask(dns.port, name, "A", { protocol });
    }
    return dns.log.map((line) => JSON.parse(line) as { msg: string }).map(({ msg }) => msg);
  };
  const NAMES = ["a.example.", "x.gone.example.", "none.example."];

  it("take an own format", async () => {
    const seen = await lines('log . "{proto} Request: {name} {type} {>id}"', ["a.example."]);
    expect(seen).toContain("udp Request: a.example. A 4711");
    expect(seen).toContain("tcp Request: a.example. A 4711");
  });

  it.each([
    ["log gone.example", ["x.gone.example. NXDOMAIN"]],
    ['log . "{name} {rcode}" {\n class denial\n}', ["x.gone.example. NXDOMAIN"]],
    [
      "log . {combined} {\n class denial error\n}",
      ["x.gone.example. NXDOMAIN", "none.example. SERVFAIL"],
    ],
    [
      "log . {\n class denial\n class success\n}",
      ["a.example. NOERROR", "x.gone.example. NXDOMAIN"],
    ],
  ])("%s", async (directive, expected) => {
    const seen = (await lines(directive, NAMES))
      .filter((line) => !line.startsWith("plugin/errors"))
      .map((line) => /(\S+\.example\.).*?\b(NOERROR|NXDOMAIN|SERVFAIL)\b/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, rcode]) => `${name} ${rcode}`);
    expect(seen).toEqual(expected.flatMap((line) => [line, line]));
  });
});

describe("errors with show_first", () => {
  it("tells the first at once, with the rule's level, and the number of several", async () => {
    const consolidate = 'errors {\n consolidate 60s "^no entry" warning show_first\n }';
    const dns = await startDns({
      corefile: `.:0 {\n bind 127.0.0.1\n ${consolidate}\n hosts /dev/null\n}`,
    });
    for (const name of ["a.example.", "b.example."]) await ask(dns.port, name, "A");
    await dns[Symbol.asyncDispose]();
    const seen = dns.log.map((line) => JSON.parse(line) as { level: string; msg: string });
    const errors = seen.filter(({ msg }) => msg.startsWith("plugin/errors"));
    expect(errors.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      "warn plugin/errors: 2 a.example. A: plugin/hosts: no entry and no fallthrough",
      "warn plugin/errors: 2 errors like '^no entry' occurred in last 60s",
    ]);
  });
});

describe("hosts", () => {
  it("answers from the file and the Corefile, and follows the file", async () => {
    const corefile = block(
      "hosts names.txt {\n 192.0.2.2 b.example\n reload 20ms\n fallthrough\n }\n whoami",
    );
    await using dns = await startDns({ corefile });
    await writeFile(
      join(dns.folder, "names.txt"),
      "192.0.2.1 a.example *.w.example # x\nfd00::1 a.example\n",
    );
    await waitFor(async () => (await ask(dns.port, "a.example.", "A")).answers.length === 1);
    const answers = async (name: string, type: string) =>
      recordLines((await ask(dns.port, name, type)).answers);
    expect(await answers("A.example.", "AAAA")).toEqual(["A.example. 3600 AAAA fd00::1"]);
    expect(await answers("x.w.example.", "A")).toEqual(["x.w.example. 3600 A 192.0.2.1"]);
    expect(await answers("b.example.", "A")).toEqual(["b.example. 3600 A 192.0.2.2"]);
    expect(await answers("2.2.0.192.in-addr.arpa.", "PTR")).toEqual([
      "2.2.0.192.in-addr.arpa. 3600 PTR b.example.",
    ]);
    const known = await ask(dns.port, "b.example.", "MX");
    expect([rcodeName(known.rcode), known.authorities, known.additionals]).toEqual([
      "NOERROR",
      [],
      [],
    ]);
    expect((await ask(dns.port, "c.example.", "A")).additionals).toHaveLength(2);
  });
});

describe("the order of plugins", () => {
  it("is fixed: hosts before kubernetes, cache and loadbalance around both", async () => {
    const source = createMemorySource();
    source.namespaces.apply(namespace("default"));
    source.services.apply(service("default/my-api", { clusterIP: "10.96.0.50" }));
    const name = "my-api.default.svc.cluster.local.";
    const directives = `kubernetes cluster.local\n hosts {\n 192.0.2.1 ${name}\n fallthrough\n }\n cache 7\n loadbalance`;
    await using dns = await startDns({ corefile: block(directives), source });
    expect(recordLines((await ask(dns.port, name, "A")).answers)).toEqual([
      `${name} 7 A 192.0.2.1`,
    ]);
    const version = await ask(dns.port, "dns-version.cluster.local.", "TXT");
    expect(version.answers).toMatchObject([{ ttl: 7 }]);
  });
});
