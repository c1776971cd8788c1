import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";

const PATH = "/api/v1/namespaces/default/services";
const IPV4 = /^10\.97\.\d+\.\d+$/;
const IPV6 = /^fd00:10:97::[0-9a-f]+$/;

const CLUSTERS = [
  { range: "10.97.0.0/16", first: "IPv4", dual: false, kubernetes: "10.97.0.1" },
  { range: "fd00:10:97::/112", first: "IPv6", dual: false, kubernetes: "fd00:10:97::1" },
  { range: "10.97.0.0/16,fd00:10:97::/112", first: "IPv4", dual: true, kubernetes: "10.97.0.1" },
  {
    range: "fd00:10:97::/112,10.97.0.0/16",
    first: "IPv6",
    dual: true,
    kubernetes: "fd00:10:97::1",
  },
] as const;

describe.each(CLUSTERS)("with --service-cluster-ip-range=$range", (cluster) => {
  const { range, first, dual, kubernetes } = cluster;
  const second = first === "IPv4" ? "IPv6" : "IPv4";
  const patternOf = (family: string): RegExp => (family === "IPv4" ? IPV4 : IPV6);
  const families = dual ? [first, second] : [first];
  let server: TestApiServer;

  beforeAll(async () => {
    const advertiseAddress = first === "IPv4" ? "172.31.0.1" : "fd00:31::1";
    server = await startApiServer({ flags: { serviceClusterIpRange: range, advertiseAddress } });
  });

  afterAll(() => server[Symbol.asyncDispose]());

  function create(name: string, spec: object): Promise<Answer> {
    const body = { apiVersion: "v1", kind: "Service", metadata: { name } };
    const ports = [{ port: 80 }];
    return server.send(PATH, { method: "POST", body: { ...body, spec: { ports, ...spec } } });
  }

  it("the API server has the first address, and endpoints of its family", async () => {
    const { spec } = (await server.send(`${PATH}/kubernetes`)).body;
    expect([spec.clusterIP, spec.ipFamilies]).toEqual([kubernetes, [first]]);
    const slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
    expect((await server.send(`${slices}/kubernetes`)).body.addressType).toBe(first);
  });

  it("a Service that asks for nothing has the first family", async () => {
    const { spec } = (await create("plain", {})).body;
    expect([spec.ipFamilyPolicy, spec.ipFamilies]).toEqual(["SingleStack", [first]]);
    expect(spec.clusterIP).toMatch(patternOf(first));
  });

  it("PreferDualStack has what there is", async () => {
    const { spec } = (await create("prefer", { ipFamilyPolicy: "PreferDualStack" })).body;
    expect([spec.ipFamilies, spec.clusterIPs]).toEqual([
      families,
      families.map((family) => expect.stringMatching(patternOf(family))),
    ]);
    const held = await server.send("/apis/networking.k8s.io/v1/ipaddresses");
    const names = held.body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    expect(names).toEqual(expect.arrayContaining(spec.clusterIPs));
  });

  it("RequireDualStack needs both", async () => {
    const answer = await create("require", { ipFamilyPolicy: "RequireDualStack" });
    if (dual) return expect(answer.body.spec.ipFamilies).toEqual(families);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain("not configured for dual-stack services");
  });

  it("the other family alone is for dual-stack clusters", async () => {
    const answer = await create("other", { ipFamilies: [second] });
    if (dual) return expect(answer.body.spec.clusterIP).toMatch(patternOf(second));
    expect(answer.body.message).toContain("not configured on this cluster");
  });

  it("the second family comes and goes by update", async () => {
    await create("changing", {});
    const update = async (ipFamilyPolicy: string): Promise<readonly string[]> => {
      const answer = await server.send(`${PATH}/changing`, {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: { spec: { ipFamilyPolicy } },
      });
      return answer.body.spec.clusterIPs;
    };
    const before = await update("SingleStack");
    expect(await update("PreferDualStack")).toHaveLength(families.length);
    expect(await update("SingleStack")).toEqual(before);
  });
});
