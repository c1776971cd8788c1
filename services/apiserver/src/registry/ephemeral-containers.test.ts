import { Kinds, type EphemeralContainer, type Pod } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { ephemeralContainersStrategy } from "./ephemeral-containers.ts";
import { podStrategy } from "./pod.ts";
import { templateCauses } from "./workload-rules.ts";

const debug: EphemeralContainer = { name: "debug", image: "busybox" };
const REFUSED = "Forbidden: cannot be set for an Ephemeral Container";
const AT = "spec.ephemeralContainers[0]";

function podWith(
  ephemeralContainers: readonly object[] | undefined,
  annotations: Record<string, string> = {},
): Pod {
  const spec = {
    initContainers: [{ name: "init", image: "app:1" }],
    containers: [{ name: "app", image: "app:1" }],
    volumes: [{ name: "data", emptyDir: {} }],
  };
  const { object } = created(Kinds.Pod, podStrategy, {
    metadata: { name: "p", namespace: "default", annotations },
    spec,
  });
  if (ephemeralContainers !== undefined) {
    object.spec.ephemeralContainers = structuredClone(ephemeralContainers) as EphemeralContainer[];
    podStrategy.setDefaults(object);
  }
  return object;
}

/** What a write through the subresource makes of a pod, and what is wrong with it. */
function written(old: Pod, change: (pod: Pod) => void): { readonly pod: Pod; causes: string[] } {
  const pod = structuredClone(old);
  change(pod);
  podStrategy.setDefaults(pod);
  ephemeralContainersStrategy.prepareForUpdate(pod, old);
  const causes = ephemeralContainersStrategy.validateUpdate(pod, old);
  return { pod, causes: causes.map(({ field, message }) => `${field}: ${message}`) };
}

const adding = (...containers: readonly object[]): string[] =>
  written(podWith(undefined), ({ spec }) => {
    spec.ephemeralContainers = structuredClone(containers) as EphemeralContainer[];
  }).causes;

describe("a container that is added", () => {
  test("gets the defaults of containers", () => {
    const { pod, causes } = written(podWith(undefined), ({ spec }) => {
      spec.ephemeralContainers = [{ ...debug }];
    });
    expect(causes).toEqual([]);
    expect(pod.spec.ephemeralContainers).toEqual([
      {
        ...debug,
        imagePullPolicy: "Always",
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
        resources: {},
      },
    ]);
  });

  const probe = { tcpSocket: { port: 80 } };
  test.each<[object, string[]]>([
    [{ targetContainerName: "app" }, []],
    [{ targetContainerName: "init" }, []],
    [{ stdin: true, tty: true, securityContext: { privileged: true } }, []],
    [{ volumeMounts: [{ name: "data", mountPath: "/data" }], env: [{ name: "A" }] }, []],
    [{ name: "" }, [`${AT}.name: Required value`]],
    [{ image: "" }, [`${AT}.image: Required value`]],
    [{ name: "app" }, [`${AT}.name: Duplicate value: "app"`]],
    [{ name: "init" }, [`${AT}.name: Duplicate value: "init"`]],
    [{ targetContainerName: "nope" }, [`${AT}.targetContainerName: Not found: "nope"`]],
    [{ targetContainerName: "debug" }, [`${AT}.targetContainerName: Not found: "debug"`]],
    [
      { volumeMounts: [{ name: "other", mountPath: "/data" }] },
      [`${AT}.volumeMounts[0].name: Not found: "other"`],
    ],
    [{ ports: [{ containerPort: 80 }] }, [`${AT}.ports: ${REFUSED}`]],
    [{ resources: { limits: { cpu: "1" } } }, [`${AT}.resources: ${REFUSED}`]],
    [{ resizePolicy: [{ resourceName: "cpu" }] }, [`${AT}.resizePolicy: ${REFUSED}`]],
    [{ restartPolicy: "Always" }, [`${AT}.restartPolicy: ${REFUSED}`]],
    [{ restartPolicyRules: [{}] }, [`${AT}.restartPolicyRules: ${REFUSED}`]],
    [{ livenessProbe: probe }, [`${AT}.livenessProbe: ${REFUSED}`]],
    [
      { readinessProbe: probe, startupProbe: probe, lifecycle: {} },
      [
        `${AT}.readinessProbe: ${REFUSED}`,
        `${AT}.startupProbe: ${REFUSED}`,
        `${AT}.lifecycle: ${REFUSED}`,
      ],
    ],
    [
      { volumeMounts: [{ name: "data", mountPath: "/data", subPath: "a", subPathExpr: "b" }] },
      [
        `${AT}.volumeMounts[0].subPath: ${REFUSED}`,
        `${AT}.volumeMounts[0].subPathExpr: ${REFUSED}`,
      ],
    ],
  ])("%j", (fields, causes) => {
    expect(adding({ ...debug, ...fields })).toEqual(causes);
  });

  test("has a name of its own among the ephemeral ones, too", () => {
    expect(adding(debug, debug)).toEqual([
      'spec.ephemeralContainers[1].name: Duplicate value: "debug"',
    ]);
  });
});

describe("one that is there", () => {
  const old = podWith([debug, { ...debug, name: "other" }]);
  const change = (
    to: (given: EphemeralContainer[]) => EphemeralContainer[] | undefined,
  ): string[] =>
    written(old, ({ spec }) => {
      const next = to(spec.ephemeralContainers ?? []);
      if (next === undefined) delete spec.ephemeralContainers;
      else spec.ephemeralContainers = next;
    }).causes;
  const field = "spec.ephemeralContainers: Forbidden: existing ephemeral containers";

  test("stays when others come, in any order", () => {
    expect(change((given) => [{ ...debug, name: "third" }, ...given.toReversed()])).toEqual([]);
  });

  test("may not be removed", () => {
    expect(change((given) => given.slice(1))).toEqual([`${field} "debug" may not be removed\n`]);
    expect(change(() => undefined)).toEqual([
      `${field} "debug" may not be removed\n`,
      `${field} "other" may not be removed\n`,
    ]);
  });

  test("may not be changed", () => {
    const changed = change(([first, ...rest]) => [
      { ...first, name: "debug", image: "other", tty: true },
      ...rest,
    ]);
    expect(changed).toEqual([`${field} "debug" may not be changed\nimage, tty`]);
  });
});

describe("a pod", () => {
  test("changes in nothing else", () => {
    const old = podWith([debug]);
    const { pod, causes } = written(old, (next) => {
      next.metadata.labels = { a: "b" };
      next.metadata.resourceVersion = "7";
      next.spec.containers = [];
      next.status = { phase: "Failed" };
      next.spec.ephemeralContainers?.push({ ...debug, name: "second" });
    });
    expect(causes).toEqual([]);
    const { ephemeralContainers, ...spec } = pod.spec;
    const { ephemeralContainers: _before, ...before } = old.spec;
    expect(ephemeralContainers?.map(({ name }) => name)).toEqual(["debug", "second"]);
    expect([spec, pod.status]).toEqual([before, old.status]);
    expect(pod.metadata).toEqual({ ...old.metadata, resourceVersion: "7" });
  });

  test("that is static has none", () => {
    const mirror = podWith(undefined, { "kubernetes.io/config.mirror": "x" });
    const { causes } = written(mirror, ({ spec }) => {
      spec.ephemeralContainers = [{ name: "", ports: [] }];
    });
    expect(causes).toEqual([": Forbidden: static pods do not support ephemeral containers"]);
  });

  test("is not created with any, and a template has none", () => {
    const spec = { containers: [{ name: "app", image: "app:1" }], ephemeralContainers: [debug] };
    expect(created(Kinds.Pod, podStrategy, { metadata: { name: "p" }, spec }).causes).toEqual([
      "spec.ephemeralContainers: Forbidden: cannot be set on create",
    ]);
    podStrategy.setDefaults({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec });
    const causes = templateCauses({ spec });
    expect(causes.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      "spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template",
    ]);
  });

  test("keeps them through an update of its own, which can't change them", () => {
    const old = podWith([debug]);
    const next = (containers: EphemeralContainer[]): readonly string[] =>
      updated(Kinds.Pod, podStrategy, {
        old,
        manifest: { ...old, spec: { ...old.spec, ephemeralContainers: containers } },
      }).causes;
    expect(next(structuredClone(old.spec.ephemeralContainers ?? []))).toEqual([]);
    expect(next([])[0]).toMatch(/^spec: Forbidden: pod updates may not change fields other than/);
  });
});
