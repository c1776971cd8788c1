import { isIPv6 } from "node:net";
import { join } from "node:path";
import { Kinds, type Pod, type Service } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { type FetchReport, sampleApp } from "../support/client-pod.ts";
import { podsOf, podsReady, readyAddresses, slicesOf } from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";

const SETUP = {
  nodes: 3,
  serviceCidr: "10.96.0.0/16,fd00:10:96::/112",
  clusterCidr: "10.244.0.0/16,fd00:10:244::/56",
  // A node in each mode; one whose mode the machine lacks is served in userspace.
  proxyModes: ["node-2=nftables", "node-3=iptables"],
  files: [join(EXAMPLES, "my-api.yaml"), join(import.meta.dirname, "dual-stack")],
};
const NODES = ["node-1", "node-2", "node-3"];
const NODE_PORT = 30_123;
/** Controllers and DNS hear of a pod a moment after it is ready. */
const SOON = { timeout: 60_000 };

/** What my-api answers. */
interface Answer {
  /** The pod's address that was dialled. */
  readonly ip: string;
}

describeLab("a dual-stack lab", SETUP, (lab) => {
  let clients: Map<string, string>;
  let apis: Pod[];

  beforeAll(async () => {
    const pods = await podsReady(lab(), "app=client", NODES.length);
    clients = new Map(pods.map(({ spec, metadata }) => [spec.nodeName ?? "", metadata.name]));
    apis = await podsOf(lab(), "app=my-api");
  });

  function service(name: string): Promise<Service> {
    return lab().rest.get(Kinds.Service, { namespace: "default", name });
  }

  async function run(node: string, command: readonly string[]): Promise<string> {
    const { stdout } = await lab().exec(clients.get(node) ?? "", command);
    return stdout;
  }

  /** What a client on a node gets from a URL; proxies hear of a Service a moment after its start. */
  function answerOf(node: string, url: string): Promise<Answer> {
    let last = "";
    return waitFor(
      async () => {
        last = await run(node, sampleApp("fetch", url, "--json", "--timeout", "10s"));
        if (!last.startsWith("{")) return undefined;
        const { response } = JSON.parse(last) as FetchReport;
        return response?.status === 200 ? (JSON.parse(response.body) as Answer) : undefined;
      },
      { timeoutMs: 60_000, describe: () => `${url} to be answered on ${node}; last: ${last}` },
    );
  }

  const sixes = (): string[] => apis.map(({ status }) => status?.podIPs?.[1]?.ip ?? "");
  const fours = (): string[] => apis.map(({ status }) => status?.podIP ?? "");

  test("pods and nodes have an address of each family, IPv4 first", async () => {
    for (const { status, spec } of apis) {
      const number = spec.nodeName?.slice("node-".length);
      expect(status?.podIPs).toEqual([
        { ip: expect.stringMatching(new RegExp(`^10\\.244\\.${number}\\.\\d+$`)) },
        { ip: expect.stringMatching(new RegExp(`^fd00:10:244:${number}::[0-9a-f]+$`)) },
      ]);
      expect(status?.hostIPs?.map(({ ip }) => isIPv6(ip))).toEqual([false, true]);
    }
    const { items } = await lab().rest.list(Kinds.Node);
    expect(items.map(({ spec }) => spec?.podCIDRs?.length)).toEqual([2, 2, 2]);
  });

  test("Services have the addresses they ask for, and slices of each family", async () => {
    const [both, six, plain] = await Promise.all(["both", "six", "my-api"].map(service));
    expect(both?.spec.ipFamilies).toEqual(["IPv4", "IPv6"]);
    expect(six?.spec).toMatchObject({ ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv6"] });
    expect(plain?.spec.ipFamilies).toEqual(["IPv4"]);
    const addresses = async () => readyAddresses(await slicesOf(lab(), "both"));
    const all = [...fours(), ...sixes()].toSorted((a, b) => a.localeCompare(b));
    await expect.poll(addresses, SOON).toEqual(all);
  });

  test("DNS has A and AAAA, and names for the addresses of both", async () => {
    const [both, six] = await Promise.all([service("both"), service("six")]);
    const [four = "", own = ""] = both.spec.clusterIPs ?? [];
    const ask = (call: string, name: string) => async (): Promise<unknown> => {
      const script = `require("dns").promises.${call}("${name}").catch((e) => e.code)
        .then((found) => console.log(JSON.stringify([found].flat().sort())))`;
      return JSON.parse(await run("node-1", [process.execPath, "-e", script]));
    };
    const zone = "default.svc.cluster.local";
    await expect.poll(ask("resolve4", `both.${zone}`), SOON).toEqual([four]);
    await expect.poll(ask("resolve6", `both.${zone}`), SOON).toEqual([own]);
    await expect.poll(ask("resolve4", `six.${zone}`), SOON).toEqual(["ENODATA"]);
    await expect.poll(ask("resolve6", `six.${zone}`), SOON).toEqual([six.spec.clusterIP]);
    await expect.poll(ask("resolve6", `my-api.${zone}`), SOON).toEqual(["ENODATA"]);
    await expect.poll(ask("resolve6", `headless.${zone}`), SOON).toEqual(sixes().toSorted());
    await expect.poll(ask("resolve4", `headless.${zone}`), SOON).toEqual(fours().toSorted());
    await expect.poll(ask("reverse", own), SOON).toEqual([`both.${zone}`]);
  });

  describe.each(NODES)("from a pod on %s", (node) => {
    test("a Service of IPv6 alone answers by its name", async () => {
      expect(sixes()).toContain((await answerOf(node, "http://six/hello")).ip);
    });

    test("each ClusterIP leads to the pods' addresses of its own family", async () => {
      const { clusterIPs: [four = "", six = ""] = [] } = (await service("both")).spec;
      expect(fours()).toContain((await answerOf(node, `http://${four}/`)).ip);
      expect(sixes()).toContain((await answerOf(node, `http://[${six}]/`)).ip);
    });

    test("a NodePort answers at the IPv6 address of every node", async () => {
      const { items } = await lab().rest.list(Kinds.Node);
      for (const { status } of items) {
        const address = status?.addresses?.map((one) => one.address).find(isIPv6) ?? "";
        const { ip } = await answerOf(node, `http://[${address}]:${NODE_PORT}/`);
        expect(sixes()).toContain(ip);
      }
    });

    test("the load balancer's IPv6 address answers", async () => {
      const addresses = await waitFor(async () => {
        const { ingress = [] } = (await service("both")).status?.loadBalancer ?? {};
        return ingress.length === 2 ? ingress.map(({ ip }) => ip) : undefined;
      });
      expect(addresses).toEqual(["172.31.1.1", "fd00:172:31:1::1"]);
      expect(sixes()).toContain((await answerOf(node, `http://[${addresses[1]}]/`)).ip);
    });
  });
});
