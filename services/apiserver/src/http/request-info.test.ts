import { describe, expect, it } from "vitest";
import { parseResourceRequest } from "./request-info.ts";

const core = { group: "", version: "v1" };
const apps = { group: "apps", version: "v1" };

describe("parseResourceRequest", () => {
  it.each([
    ["GET", "/api/v1/services", { ...core, verb: "list", plural: "services" }],
    ["GET", "/api/v1/services?watch=true", { ...core, verb: "watch", plural: "services" }],
    ["GET", "/api/v1/services?watch=0", { ...core, verb: "list", plural: "services" }],
    [
      "GET",
      "/api/v1/watch/namespaces/a/pods",
      { ...core, verb: "watch", plural: "pods", namespace: "a" },
    ],
    [
      "GET",
      "/api/v1/namespaces/a/services/b?watch=1",
      { ...core, verb: "get", plural: "services", namespace: "a", name: "b" },
    ],
    ["GET", "/api/v1/namespaces/a", { ...core, verb: "get", plural: "namespaces", name: "a" }],
    [
      "PUT",
      "/api/v1/namespaces/a/finalize",
      { ...core, verb: "update", plural: "namespaces", name: "a", subresource: "finalize" },
    ],
    [
      "PATCH",
      "/apis/apps/v1/namespaces/a/deployments/b/scale",
      {
        ...apps,
        verb: "patch",
        plural: "deployments",
        namespace: "a",
        name: "b",
        subresource: "scale",
      },
    ],
    [
      "DELETE",
      "/apis/apps/v1/namespaces/a/deployments",
      { ...apps, verb: "deletecollection", plural: "deployments", namespace: "a" },
    ],
    [
      "POST",
      "/api/v1/namespaces/a/pods/b/binding",
      {
        ...core,
        verb: "create",
        plural: "pods",
        namespace: "a",
        name: "b",
        subresource: "binding",
      },
    ],
    ["GET", "/apis/apps/v1", undefined],
    ["GET", "/api/v1/pods/%zz", undefined],
    ["TRACE", "/api/v1/pods", undefined],
    ["GET", "/version", undefined],
  ])("%s %s", (method, url, expected) => {
    const { pathname, searchParams } = new URL(url, "https://host");
    expect(parseResourceRequest(method, pathname, searchParams)).toEqual(expected);
  });
});
