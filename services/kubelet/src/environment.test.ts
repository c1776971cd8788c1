import type { EnvVar } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { containerEnv, type EnvironmentContext } from "./environment.ts";
import { ContainerStartError } from "./runtime/runtime.ts";
import { testContainer, testPod, testService, testSources } from "./testing/objects.ts";

const context: EnvironmentContext = {
  pod: testPod(),
  addresses: { podIps: ["10.244.1.2"], hostIps: ["172.31.0.11"] },
  sources: testSources({
    configMaps: { conf: { a: "1", b: "2" } },
    secrets: { keys: { key: Buffer.from("hidden").toString("base64") } },
    services: [testService("db", "10.96.0.7", [{ port: 5432 }])],
  }),
  allocatable: { cpu: "2" },
};

function envOf(env: EnvVar[], rest: Parameters<typeof testContainer>[0] = {}): unknown {
  return containerEnv(testContainer({ env, ...rest }), context);
}

describe("containerEnv", () => {
  it("takes values, fields, resources, ConfigMap and Secret keys", () => {
    const env: EnvVar[] = [
      { name: "PLAIN", value: "x" },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "A", valueFrom: { configMapKeyRef: { name: "conf", key: "a" } } },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "key" } } },
      { name: "NONE", valueFrom: { configMapKeyRef: { name: "no", key: "a", optional: true } } },
      { name: "BOTH", value: "$(IP):$(DB_SERVICE_PORT) $(LATER)" },
      { name: "LATER", value: "y" },
    ];
    const own = envOf(env) as Record<string, string>;
    expect(own).toMatchObject({
      PLAIN: "x",
      IP: "10.244.1.2",
      CPU: "2",
      A: "1",
      KEY: "hidden",
      BOTH: "10.244.1.2:5432 $(LATER)",
      DB_SERVICE_HOST: "10.96.0.7",
    });
    expect(own).not.toHaveProperty("NONE");
  });

  it("lets env win over envFrom, and both over Services", () => {
    const envFrom = [{ prefix: "P_", configMapRef: { name: "conf" } }];
    const env = [
      { name: "P_a", value: "own" },
      { name: "DB_SERVICE_HOST", value: "mine" },
    ];
    expect(envOf(env, { envFrom })).toMatchObject({
      P_a: "own",
      P_b: "2",
      DB_SERVICE_HOST: "mine",
    });
  });

  it.each<[string, EnvVar["valueFrom"], string]>([
    [
      "missing ConfigMap",
      { configMapKeyRef: { name: "no", key: "a" } },
      'configmap "no" not found',
    ],
    [
      "missing key",
      { configMapKeyRef: { name: "conf", key: "z" } },
      "couldn't find key z in ConfigMap default/conf",
    ],
    ["missing Secret", { secretKeyRef: { name: "no", key: "a" } }, 'secret "no" not found'],
    [
      "missing Secret key",
      { secretKeyRef: { name: "keys", key: "z" } },
      "couldn't find key z in Secret default/keys",
    ],
    ["unknown field", { fieldRef: { fieldPath: "a.b" } }, "env V: unsupported fieldPath: a.b"],
    ["no source", {}, "env V: valueFrom has no source this kubelet knows"],
  ])("refuses a %s", (_title, valueFrom, message) => {
    const attempt = (): unknown => envOf([{ name: "V", ...(valueFrom && { valueFrom }) }]);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(ContainerStartError);
  });

  it("refuses a missing envFrom unless it is optional", () => {
    const from = (optional: boolean): unknown =>
      envOf([], { envFrom: [{ secretRef: { name: "no", optional } }] });
    expect(() => from(false)).toThrow('secret "no" not found');
    expect(from(true)).toHaveProperty("DB_SERVICE_HOST");
  });
});
