import { Kinds, type Pod } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { podStrategy } from "./pod.ts";

const container = { name: "app", image: "app:1" };
const create = (spec: object) =>
  created(Kinds.Pod, podStrategy, {
    metadata: { name: "p" },
    spec: { containers: [container], ...spec },
  });
const withContainer = (fields: object) => create({ containers: [{ ...container, ...fields }] });

describe("defaults", () => {
  test("a bare pod", () => {
    const { object, causes } = create({});
    expect(causes).toEqual([]);
    const tolerated = (key: string) => ({
      key,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    });
    expect(object.spec).toEqual({
      containers: [
        {
          ...container,
          imagePullPolicy: "IfNotPresent",
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          resources: {},
        },
      ],
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      terminationGracePeriodSeconds: 30,
      schedulerName: "default-scheduler",
      securityContext: {},
      serviceAccountName: "default",
      serviceAccount: "default",
      enableServiceLinks: true,
      tolerations: [
        tolerated("node.kubernetes.io/not-ready"),
        tolerated("node.kubernetes.io/unreachable"),
      ],
    });
    expect(object.status).toEqual({ phase: "Pending", qosClass: "BestEffort" });
  });

  test.each([
    ["app", "Always"],
    ["app:latest", "Always"],
    ["app:1.2", "IfNotPresent"],
    ["registry:5000/app", "Always"],
    ["registry:5000/app:1", "IfNotPresent"],
    ["app@sha256:0123", "IfNotPresent"],
  ])("image %s is pulled %s", (image, policy) => {
    expect(withContainer({ image }).object.spec.containers[0]?.imagePullPolicy).toBe(policy);
  });

  test("probes, ports, env and volumes", () => {
    const { object, causes } = create({
      serviceAccount: "robot",
      containers: [
        {
          ...container,
          ports: [{ containerPort: 80 }],
          env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
          readinessProbe: { httpGet: { port: 80 } },
          livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 3 },
          lifecycle: { preStop: { httpGet: { port: 80 } } },
        },
      ],
      volumes: [
        { name: "a", configMap: { name: "a" } },
        { name: "b", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      ],
    });
    expect(causes).toEqual([]);
    expect(object.spec.serviceAccountName).toBe("robot");
    expect(object.spec.containers[0]).toMatchObject({
      ports: [{ containerPort: 80, protocol: "TCP" }],
      env: [
        { name: "IP", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" } } },
      ],
      readinessProbe: {
        httpGet: { port: 80, path: "/", scheme: "HTTP" },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      livenessProbe: { periodSeconds: 3, failureThreshold: 3 },
      lifecycle: { preStop: { httpGet: { path: "/", scheme: "HTTP" } } },
    });
    expect(object.spec.volumes).toMatchObject([
      { configMap: { defaultMode: 0o644 } },
      {
        projected: {
          defaultMode: 0o644,
          sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }],
        },
      },
    ]);
  });

  test("a toleration of the pod's own wins", () => {
    const { object } = create({ tolerations: [{ operator: "Exists" }] });
    expect(object.spec.tolerations).toEqual([{ operator: "Exists" }]);
  });

  test("hostNetwork ports are host ports", () => {
    const { object } = create({
      hostNetwork: true,
      containers: [{ ...container, ports: [{ containerPort: 80 }] }],
    });
    expect(object.spec.containers[0]?.ports?.[0]?.hostPort).toBe(80);
  });

  test.each([
    [{}, "BestEffort"],
    [{ requests: { cpu: "1" } }, "Burstable"],
    [{ limits: { cpu: "1" } }, "Burstable"],
    [{ limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
    [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }, "Burstable"],
  ])("resources %j are %s", (resources, qosClass) => {
    const { object, causes } = withContainer({ resources });
    expect(causes).toEqual([]);
    expect(object.status?.qosClass).toBe(qosClass);
  });
});

describe("validation of the pod", () => {
  test.each<[string, object, string]>([
    ["no containers", { containers: [] }, "spec.containers: Required value"],
    [
      "equal names",
      { containers: [container, container] },
      'spec.containers[1].name: Duplicate value: "app"',
    ],
    [
      "equal names with init",
      { initContainers: [container] },
      'spec.containers[0].name: Duplicate value: "app"',
    ],
    [
      "restartPolicy",
      { restartPolicy: "Sometimes" },
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ],
    ["dnsPolicy", { dnsPolicy: "Mine" }, 'spec.dnsPolicy: Unsupported value: "Mine"'],
    [
      "dnsPolicy None",
      { dnsPolicy: "None" },
      "spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None",
    ],
    [
      "too many name servers",
      { dnsConfig: { nameservers: ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"] } },
      "must not have more than 3 nameservers",
    ],
    [
      "name server",
      { dnsConfig: { nameservers: ["x"] } },
      'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address',
    ],
    [
      "grace",
      { terminationGracePeriodSeconds: -1 },
      "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
    [
      "deadline",
      { activeDeadlineSeconds: 0 },
      "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
    ],
    ["node selector", { nodeSelector: { "a b": "c" } }, "spec.nodeSelector: Invalid value"],
    [
      "hostname",
      { hostname: "A.b" },
      'spec.hostname: Invalid value: "A.b": a lowercase RFC 1123 label',
    ],
    ["subdomain", { subdomain: "a.b" }, 'spec.subdomain: Invalid value: "a.b"'],
    [
      "host alias",
      { hostAliases: [{ ip: "x", hostnames: ["a"] }] },
      'spec.hostAliases[0].ip: Invalid value: "x"',
    ],
    [
      "readiness gate",
      { readinessGates: [{ conditionType: "a b" }] },
      "spec.readinessGates[0].conditionType: Invalid value",
    ],
    [
      "toleration operator",
      { tolerations: [{ key: "a", operator: "Like" }] },
      'spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
    ],
    [
      "toleration without key",
      { tolerations: [{ operator: "Equal" }] },
      "operator must be Exists when `key` is empty",
    ],
    [
      "toleration value",
      { tolerations: [{ key: "a", operator: "Exists", value: "b" }] },
      "value must be empty when `operator` is 'Exists'",
    ],
    [
      "toleration time",
      { tolerations: [{ key: "a", effect: "NoSchedule", tolerationSeconds: 1 }] },
      "effect must be 'NoExecute' when `tolerationSeconds` is set",
    ],
    [
      "volume without source",
      { volumes: [{ name: "v" }] },
      "spec.volumes[0]: Required value: must specify a volume type",
    ],
    [
      "volume with two",
      { volumes: [{ name: "v", emptyDir: {}, nfs: {} }] },
      "spec.volumes[0].nfs: Forbidden: may not specify more than 1 volume type",
    ],
    [
      "equal volumes",
      {
        volumes: [
          { name: "v", emptyDir: {} },
          { name: "v", emptyDir: {} },
        ],
      },
      'spec.volumes[1].name: Duplicate value: "v"',
    ],
    [
      "configMap volume",
      { volumes: [{ name: "v", configMap: {} }] },
      "spec.volumes[0].configMap.name: Required value",
    ],
    [
      "secret volume",
      { volumes: [{ name: "v", secret: {} }] },
      "spec.volumes[0].secret.secretName: Required value",
    ],
    [
      "hostPath",
      { volumes: [{ name: "v", hostPath: {} }] },
      "spec.volumes[0].hostPath.path: Required value",
    ],
    [
      "path out of the volume",
      { volumes: [{ name: "v", configMap: { name: "c", items: [{ key: "k", path: "../x" }] } }] },
      "spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'",
    ],
  ])("%s", (_name, spec, text) => {
    const { causes } = create(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("a pod without spec says what is missing", () => {
    const { causes } = created(Kinds.Pod, podStrategy, { metadata: { name: "p" } });
    expect(causes).toEqual(["spec.containers: Required value"]);
  });
});

describe("validation of a container", () => {
  const at = "spec.containers[0].";

  test.each<[string, object, string]>([
    ["name", { name: "" }, "name: Required value"],
    ["name with dots", { name: "a.b" }, 'name: Invalid value: "a.b": a lowercase RFC 1123 label'],
    ["image", { image: "" }, "image: Required value"],
    [
      "image with space",
      { image: " a" },
      'image: Invalid value: " a": must not have leading or trailing whitespace',
    ],
    ["port", { ports: [{}] }, "ports[0].containerPort: Required value"],
    [
      "port range",
      { ports: [{ containerPort: 65_536 }] },
      "ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive",
    ],
    [
      "port name",
      { ports: [{ containerPort: 1, name: "a--b" }] },
      'ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens',
    ],
    [
      "equal port names",
      {
        ports: [
          { containerPort: 1, name: "a" },
          { containerPort: 2, name: "a" },
        ],
      },
      'ports[1].name: Duplicate value: "a"',
    ],
    [
      "protocol",
      { ports: [{ containerPort: 1, protocol: "X" }] },
      'ports[0].protocol: Unsupported value: "X"',
    ],
    ["env name", { env: [{ name: "a=b" }] }, 'env[0].name: Invalid value: "a=b"'],
    [
      "env source",
      { env: [{ name: "a", valueFrom: {} }] },
      'env[0].valueFrom: Invalid value: "": must specify one of',
    ],
    [
      "env value and source",
      { env: [{ name: "a", value: "b", valueFrom: { fieldRef: { fieldPath: "x" } } }] },
      'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
    [
      "two env sources",
      {
        env: [
          {
            name: "a",
            valueFrom: { fieldRef: { fieldPath: "x" }, secretKeyRef: { name: "s", key: "k" } },
          },
        ],
      },
      'env[0].valueFrom: Invalid value: "": may not have more than one field',
    ],
    [
      "env key",
      { env: [{ name: "a", valueFrom: { secretKeyRef: { name: "s" } } }] },
      "env[0].valueFrom.secretKeyRef.key: Required value",
    ],
    [
      "mount of nothing",
      { volumeMounts: [{ name: "v", mountPath: "/x" }] },
      'volumeMounts[0].name: Not found: "v"',
    ],
    ["pull policy", { imagePullPolicy: "Never ever" }, "imagePullPolicy: Unsupported value"],
    [
      "negative request",
      { resources: { requests: { cpu: "-1" } } },
      'resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      "request above limit",
      { resources: { limits: { cpu: "100m" }, requests: { cpu: "1" } } },
      'resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 100m',
    ],
    [
      "probe without handler",
      { readinessProbe: {} },
      "readinessProbe: Required value: must specify a handler type",
    ],
    [
      "probe with two",
      { readinessProbe: { tcpSocket: { port: 1 }, exec: { command: ["x"] } } },
      "readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
    ],
    [
      "probe port",
      { readinessProbe: { httpGet: { port: 0 } } },
      "readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
    [
      "probe port name",
      { livenessProbe: { tcpSocket: { port: "no good" } } },
      'livenessProbe.tcpSocket.port: Invalid value: "no good"',
    ],
    [
      "probe command",
      { livenessProbe: { exec: {} } },
      "livenessProbe.exec.command: Required value",
    ],
    [
      "probe scheme",
      { livenessProbe: { httpGet: { port: 1, scheme: "FTP" } } },
      'livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
    ],
    [
      "probe time",
      { startupProbe: { tcpSocket: { port: 1 }, periodSeconds: -1 } },
      "startupProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
    [
      "liveness threshold",
      { livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } },
      "livenessProbe.successThreshold: Invalid value: 2: must be 1",
    ],
    [
      "readiness grace",
      { readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 1 } },
      "readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes",
    ],
    [
      "hook",
      { lifecycle: { preStop: {} } },
      "lifecycle.preStop: Required value: must specify a handler type",
    ],
  ])("%s", (_name, fields, text) => {
    const { causes } = withContainer(fields);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(at + text);
  });

  test("mounts need a path of their own", () => {
    const volumes = [{ name: "v", emptyDir: {} }];
    const volumeMounts = [
      { name: "v", mountPath: "/x" },
      { name: "v", mountPath: "/x", subPath: "/abs" },
      { name: "v" },
    ];
    expect(create({ volumes, containers: [{ ...container, volumeMounts }] }).causes).toEqual([
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
      'spec.containers[0].volumeMounts[1].subPath: Invalid value: "/abs": must be a relative path',
      "spec.containers[0].volumeMounts[2].mountPath: Required value",
    ]);
  });

  test("init containers have no probes, sidecars do", () => {
    const init = { name: "init", image: "i:1", readinessProbe: { tcpSocket: { port: 1 } } };
    expect(create({ initContainers: [init] }).causes).toEqual([
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ]);
    expect(create({ initContainers: [{ ...init, restartPolicy: "Always" }] }).causes).toEqual([]);
  });
});

describe("update", () => {
  const old: Pod = create({ activeDeadlineSeconds: 10 }).object;
  const update = (change: (pod: Pod) => void): readonly string[] => {
    const manifest = structuredClone(old);
    change(manifest);
    return updated(Kinds.Pod, podStrategy, { old, manifest }).causes;
  };

  test.each<[string, (pod: Pod) => void]>([
    ["labels", (pod) => void (pod.metadata.labels = { a: "b" })],
    ["an image", (pod) => void Object.assign(pod.spec.containers[0] ?? {}, { image: "app:2" })],
    ["the deadline", (pod) => void (pod.spec.activeDeadlineSeconds = 5)],
    [
      "a new toleration",
      (pod) => void pod.spec.tolerations?.push({ key: "x", operator: "Exists" }),
    ],
  ])("%s may change", (_name, change) => expect(update(change)).toEqual([]));

  test.each<[string, (pod: Pod) => void]>([
    ["the node", (pod) => void (pod.spec.nodeName = "node-2")],
    [
      "a port",
      (pod) => void Object.assign(pod.spec.containers[0] ?? {}, { ports: [{ containerPort: 1 }] }),
    ],
    ["the containers", (pod) => void pod.spec.containers.push({ name: "b", image: "b:1" })],
  ])("%s may not", (_name, change) => {
    expect(update(change)).toEqual([
      "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`," +
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions " +
        "to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was " +
        "previously negative)",
    ]);
  });

  test("tolerations do not go", () => {
    const causes = update((pod) => void (pod.spec.tolerations = [{ operator: "Exists" }]));
    expect(causes).toEqual([
      "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
    ]);
  });
});
