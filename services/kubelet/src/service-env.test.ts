import { expect, it } from "vitest";
import { serviceEnv } from "./service-env.ts";
import { testService } from "./testing/objects.ts";

const api = testService("kubernetes", "10.96.0.1", [{ name: "https", port: 443 }]);

it("gives the variables of docker links", () => {
  const service = testService("my-api", "10.96.0.50", [
    { name: "http-web", port: 80 },
    { name: "dns", port: 53, protocol: "UDP" },
  ]);
  expect(serviceEnv([service], "default", true)).toEqual({
    MY_API_SERVICE_HOST: "10.96.0.50",
    MY_API_SERVICE_PORT: "80",
    MY_API_SERVICE_PORT_HTTP_WEB: "80",
    MY_API_SERVICE_PORT_DNS: "53",
    MY_API_PORT: "tcp://10.96.0.50:80",
    MY_API_PORT_80_TCP: "tcp://10.96.0.50:80",
    MY_API_PORT_80_TCP_PROTO: "tcp",
    MY_API_PORT_80_TCP_PORT: "80",
    MY_API_PORT_80_TCP_ADDR: "10.96.0.50",
    MY_API_PORT_53_UDP: "udp://10.96.0.50:53",
    MY_API_PORT_53_UDP_PROTO: "udp",
    MY_API_PORT_53_UDP_PORT: "53",
    MY_API_PORT_53_UDP_ADDR: "10.96.0.50",
  });
});

it("writes IPv6 addresses in brackets inside URLs only", () => {
  const env = serviceEnv([testService("six", "fd00::1", [{ port: 80 }])], "default", true);
  expect(env).toMatchObject({ SIX_PORT: "tcp://[fd00::1]:80", SIX_SERVICE_HOST: "fd00::1" });
});

it.each([
  ["another namespace sees only kubernetes", "other", true, ["10.96.0.1", undefined]],
  ["without service links only kubernetes is left", "default", false, ["10.96.0.1", undefined]],
  ["its own namespace is seen", "default", true, ["10.96.0.1", "10.96.0.2"]],
] as const)("%s", (_title, namespace, links, [kubernetes, own]) => {
  const env = serviceEnv([api, testService("own", "10.96.0.2", [{ port: 1 }])], namespace, links);
  expect(env["KUBERNETES_SERVICE_HOST"]).toBe(kubernetes);
  expect(env["OWN_SERVICE_HOST"]).toBe(own);
});

it("prefers a Service of the pod's namespace to default/kubernetes, whatever the order", () => {
  const own = testService("kubernetes", "10.96.9.9", [{ port: 1 }], "other");
  for (const services of [
    [api, own],
    [own, api],
  ]) {
    expect(serviceEnv(services, "other", true)["KUBERNETES_SERVICE_HOST"]).toBe("10.96.9.9");
  }
});

it("leaves headless Services and those without address out", () => {
  const services = [testService("a", "None"), testService("b", "")];
  expect(serviceEnv(services, "default", true)).toEqual({});
});
