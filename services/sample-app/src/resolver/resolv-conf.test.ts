import { describe, expect, test } from "vitest";
import { parseResolvConf, searchCandidates } from "./resolv-conf.ts";

const POD = `nameserver 10.96.0.10
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
`;

describe("parseResolvConf", () => {
  test("reads what a kubelet writes", () => {
    expect(parseResolvConf(POD)).toEqual({
      nameservers: ["10.96.0.10"],
      search: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
      ndots: 5,
      timeout: 5,
      attempts: 2,
      useTcp: false,
    });
  });

  test("an empty file means glibc's defaults", () => {
    expect(parseResolvConf("")).toMatchObject({ nameservers: ["127.0.0.1"], search: [], ndots: 1 });
  });

  test("the last search or domain line wins, options add up and are cut to their maxima", () => {
    const text =
      "domain a.example\nsearch b.example c.example. # why\noptions ndots:99\noptions attempts:9 use-vc timeout:x";
    expect(parseResolvConf(text)).toMatchObject({
      search: ["b.example", "c.example"],
      ndots: 15,
      attempts: 5,
      timeout: 5,
      useTcp: true,
    });
  });

  test("only three name servers count", () => {
    const text = ["1", "2", "3", "4"].map((n) => `nameserver 10.0.0.${n}`).join("\n");
    expect(parseResolvConf(text).nameservers).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  });
});

describe("searchCandidates", () => {
  const conf = parseResolvConf(POD);

  test.each([
    ["my-api", "my-api.default.svc.cluster.local"],
    ["my-api.other-ns", "my-api.other-ns.default.svc.cluster.local"],
  ])("%s goes through the search list first", (name, first) => {
    const candidates = searchCandidates(name, conf);
    expect(candidates[0]).toBe(first);
    expect(candidates).toHaveLength(4);
    expect(candidates.at(-1)).toBe(name);
  });

  test("a trailing dot means exactly that name", () => {
    expect(searchCandidates("my-api.default.svc.cluster.local.", conf)).toEqual([
      "my-api.default.svc.cluster.local",
    ]);
  });

  test("ndots dots or more: as it is, then the list", () => {
    expect(searchCandidates("a.b.c.d.e.f", conf)[0]).toBe("a.b.c.d.e.f");
    expect(searchCandidates("a.b.c.d.e", conf)[0]).toBe("a.b.c.d.e.default.svc.cluster.local");
  });
});
