import { describe, expect, it } from "vitest";
import { findImage, repositoryOf, unknownImageMessage } from "./catalogue.ts";

describe("repositoryOf", () => {
  it.each([
    ["nginx", "nginx"],
    ["nginx:1.27", "nginx"],
    ["docker.io/library/nginx:latest", "nginx"],
    ["registry.k8s.io/e2e-test-images/agnhost:2.47", "e2e-test-images/agnhost"],
    ["localhost:5000/kubehop/dns", "kubehop/dns"],
    ["kubehop/sample-app@sha256:0123", "kubehop/sample-app"],
    ["curlimages/curl:8", "curlimages/curl"],
  ])("%s is %s", (name, repository) => {
    expect(repositoryOf(name)).toBe(repository);
  });
});

describe("findImage", () => {
  it("finds images whatever registry they are named from", () => {
    expect(findImage("registry.k8s.io/e2e-test-images/agnhost:2.47")?.entrypoint.at(-1)).toBe(
      "agnhost",
    );
    expect(findImage("busybox:1.36")).toEqual({ entrypoint: [], args: ["sh"] });
    expect(findImage("registry.k8s.io/pause:3.10")?.entrypoint.at(-1)).toBe("pause");
  });

  it("does not find what is no entry of its own", () => {
    for (const name of ["", "mysql", "constructor", "__proto__"]) {
      expect(findImage(name)).toBeUndefined();
    }
  });

  it("tells how to add one", () => {
    expect(unknownImageMessage("mysql:9")).toMatch(/"mysql:9".*nginx.*catalogue\.ts/);
  });
});
