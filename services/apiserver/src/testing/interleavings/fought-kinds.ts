import type { Fields } from "../history/object-model.ts";
import {
  applyPatch,
  commonActions,
  type FoughtKind,
  jsonPatch,
  type KindShape,
  type Occasion,
  replacing,
  setting,
  shower,
} from "./kinds.ts";

const CORE = "/api/v1/namespaces/default";
const LABEL = "step";

/** ConfigMaps: data by every patch type, and by server-side apply, which also creates. */
function configMaps(): FoughtKind {
  const shape: KindShape = {
    name: "configmap",
    path: `${CORE}/configmaps`,
    show: shower((body) => body.data ?? {}),
    object: (name, data) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data }),
    fresh: ({ fresh }) => ({ whole: String(fresh) }),
    part: ["*"],
  };
  const { path, show } = shape;
  const body = (data: Fields): object => ({ data });
  const own =
    (prefix: string) =>
    ({ client, fresh }: Occasion): Fields => ({
      [`${prefix}-${client}`]: String(fresh),
    });
  return {
    ...shape,
    actions: [
      ...commonActions(shape),
      setting(shape, { type: "merge", fields: own("merge"), body }),
      setting(shape, { type: "strategic", fields: own("strategic"), body }),
      // Two values only: many of these patches change nothing.
      setting(shape, { type: "merge", fields: ({ fresh }) => ({ flag: String(fresh % 2) }), body }),
      ({ name, known, fresh }) => {
        const from = known?.fields["flag"];
        if (from === undefined) return undefined;
        const swap = [
          { op: "test", path: "/data/flag", value: from },
          { op: "replace", path: "/data/flag", value: String(fresh) },
        ];
        const request = { type: "swap" as const, field: "flag", from, to: String(fresh) };
        return { request, http: jsonPatch(`${path}/${name}`, swap), show };
      },
      (occasion) => {
        const { name, client } = occasion;
        const fields = own("apply")(occasion);
        const http = applyPatch(`${path}/${name}`, client, shape.object(name, fields));
        return { request: { type: "set", fields, creates: true }, http, show };
      },
    ],
  };
}

/** Deployments as such: spec and status apart. */
function deploymentShape(): KindShape {
  return {
    name: "deployment",
    path: "/apis/apps/v1/namespaces/default/deployments",
    show: shower(({ metadata, spec, status }) => ({
      replicas: String(spec.replicas),
      step: metadata.labels?.[LABEL],
      observed: status?.replicas === undefined ? undefined : String(status.replicas),
    })),
    object: (name, { replicas = "0", step = "" }) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, labels: { [LABEL]: step } },
      spec: {
        replicas: Number(replicas),
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: "app", image: "app" }] },
        },
      },
    }),
    fresh: ({ fresh }) => ({ replicas: String(fresh), step: `s${fresh}` }),
    part: ["replicas", "step"],
  };
}

/** Deployments, whose status and replicas have paths of their own. */
function deployments(): FoughtKind {
  const shape = deploymentShape();
  const { path } = shape;
  const show = shower(({ spec }) => ({ replicas: String(spec.replicas ?? 0) }), true);
  const replicas = ({ fresh }: Occasion): Fields => ({ replicas: String(fresh) });
  const observed = ({ fresh }: Occasion): Fields => ({ observed: String(fresh) });
  const toSpec = (fields: Fields): object => ({ spec: { replicas: Number(fields["replicas"]) } });
  const toStatus = (fields: Fields): object => ({
    status: { replicas: Number(fields["observed"]) },
  });
  const scale = { apiVersion: "autoscaling/v1", kind: "Scale" };
  return {
    ...shape,
    actions: [
      ...commonActions(shape),
      setting(shape, { type: "merge", fields: replicas, body: toSpec }),
      setting({ path, show }, { type: "merge", suffix: "/scale", fields: replicas, body: toSpec }),
      setting(shape, { type: "strategic", suffix: "/status", fields: observed, body: toStatus }),
      replacing(
        { path, show, suffix: "/scale", part: ["replicas"] },
        {
          fields: replicas,
          body: ({ name }, fields) => ({ ...scale, metadata: { name }, ...toSpec(fields) }),
        },
      ),
      replacing(
        { path, show: shape.show, suffix: "/status", part: ["observed"] },
        {
          fields: observed,
          body: ({ name, known }, fields) => ({
            ...shape.object(name, known?.fields ?? {}),
            ...toStatus(fields),
          }),
        },
      ),
    ],
  };
}

/** Services: types that take and give back node ports, and a list that grows item by item. */
function services(): FoughtKind {
  const shape: KindShape = {
    name: "service",
    path: `${CORE}/services`,
    show: shower(({ metadata, spec }) => ({
      type: spec.type,
      step: metadata.labels?.[LABEL],
      addresses: spec.externalIPs?.join(","),
    })),
    object: (name, { type, step = "", addresses = "" }) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels: { [LABEL]: step } },
      spec: { type, ports: [{ port: 80 }], externalIPs: addresses.split(",") },
    }),
    fresh: ({ fresh }) => ({
      type: fresh % 2 === 0 ? "NodePort" : "ClusterIP",
      step: `s${fresh}`,
      addresses: addressOf(fresh),
    }),
    part: ["type", "step", "addresses"],
    putCreates: true,
  };
  const { path, show } = shape;
  return {
    ...shape,
    actions: [
      ...commonActions(shape),
      setting(shape, {
        type: "merge",
        fields: ({ fresh }) => ({ step: `s${fresh}` }),
        body: ({ step }) => ({ metadata: { labels: { [LABEL]: step } } }),
      }),
      setting(shape, {
        type: "strategic",
        fields: ({ fresh }) => ({ type: fresh % 2 === 0 ? "ClusterIP" : "NodePort" }),
        body: ({ type }) => ({ spec: { type } }),
      }),
      ({ name, fresh }) => {
        const item = addressOf(fresh);
        const add = [{ op: "add", path: "/spec/externalIPs/-", value: item }];
        const request = { type: "append" as const, field: "addresses", item };
        return { request, http: jsonPatch(`${path}/${name}`, add), show };
      },
    ],
  };
}

/** An address for each number. */
function addressOf(fresh: number): string {
  return `100.${(fresh >>> 16) & 255}.${(fresh >>> 8) & 255}.${fresh & 255}`;
}

/** What clients fight over. */
export const FOUGHT_KINDS: readonly FoughtKind[] = [configMaps(), deployments(), services()];
