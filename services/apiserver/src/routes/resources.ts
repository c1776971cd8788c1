import { badRequest, methodNotAllowed, resourceNotFound } from "@kubehop/api";
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type { ServiceAccountTokens } from "../auth/service-account-tokens.ts";
import { checkCustomCall } from "../custom-resources/custom-call.ts";
import type { Authorizer } from "../auth/authorize.ts";
import { checkNodeRequest, checkNodeWrite } from "../auth/nodes/node-restriction.ts";
import { nodeOf } from "../auth/nodes/node-user.ts";
import { RBAC_GROUP, type Write } from "../auth/rbac/escalation.ts";
import { storedKind } from "../http/served.ts";
import type { KubeletCredentials } from "../kubelet/kubelet.ts";
import { ephemeralContainersStrategy } from "../registry/ephemeral-containers.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf } from "../resources/target.ts";
import type { Part } from "../resources/update.ts";
import { bindPod } from "./binding.ts";
import type { Call } from "./call.ts";
import { deleteCollection, deleteOne } from "./delete.ts";
import { evictPod } from "./eviction.ts";
import { finalizeNamespace } from "./finalize.ts";
import { streamLogs } from "./logs.ts";
import { patch } from "./patch.ts";
import { isProxied, proxyRequest } from "./proxy.ts";
import { getObject, listObjects } from "./read.ts";
import { handleScale } from "./scale.ts";
import type { StreamSet } from "./streams.ts";
import { subresourcesOf } from "./subresources.ts";
import { requestToken } from "./token.ts";
import { watchObjects, type WatchDeps } from "./watch.ts";
import { create, update } from "./write.ts";

/** What the resource routes need. */
export interface ResourceDeps {
  readonly resources: Resources;
  readonly watch: WatchDeps;
  readonly authorizer: Authorizer;
  readonly admit: (write: Write) => void;
  readonly tokens: ServiceAccountTokens;
  readonly kubelet: KubeletCredentials;
  readonly streams: StreamSet;
}

/** Subresources that are streams: a request for one that comes here did not ask for an upgrade. */
const UPGRADED = new Set(["attach", "exec", "portforward"]);

const METHODS: HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Routes of every kind: one handler that goes by the kind, the verb and the subresource. */
export function addResourceRoutes(app: FastifyInstance, deps: ResourceDeps): void {
  const { cache, store, random } = deps.resources;
  const proxy = { cache, store, random, kubelet: deps.kubelet };
  for (const url of ["/api/:version/*", "/apis/:group/:version/*"]) {
    app.route({
      method: METHODS,
      url,
      // Before the body is read: a proxied one is passed on as it comes.
      onRequest: async (request, reply) => {
        const { resource } = request.context;
        if (resource !== undefined && isProxied(resource)) {
          await proxyRequest(proxy, resource, request, reply);
        }
      },
      handler: (request, reply) => handle(deps, callOf(deps, request, reply)),
    });
  }
}

function callOf(deps: ResourceDeps, request: FastifyRequest, reply: FastifyReply): Call {
  const { resource, query, user, now } = request.context;
  if (resource === undefined) throw resourceNotFound();
  const { group, version, plural, namespace, name } = resource;
  const kind = deps.resources.kinds.byPlural(group, version, plural);
  if (kind === undefined) throw resourceNotFound();
  const misplaced = kind.namespaced
    ? name !== undefined && namespace === undefined
    : namespace !== undefined;
  if (misplaced) throw resourceNotFound();
  checkCustomCall(kind, resource, { request, reply });
  const target = {
    kind: storedKind(kind),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
  const authorizeCreate = (): void => {
    deps.authorizer.authorize(user, { ...resource, verb: "create" });
  };
  const call = { resource, kind, target, query, user, request, reply, authorizeCreate, now };
  const node = nodeOf(user);
  if (node !== undefined) {
    return { ...call, admit: (object, old) => checkNodeWrite(node, { kind, object, old }) };
  }
  if (group !== RBAC_GROUP) return call;
  return { ...call, admit: (object, old) => deps.admit({ user, kind, namespace, object, old }) };
}

async function handle(deps: ResourceDeps, call: Call): Promise<FastifyReply | void> {
  const node = nodeOf(call.user);
  if (node !== undefined) {
    await checkNodeRequest(node, call.resource, async (name) => {
      const entry = await deps.resources.store.find(keyOf(call.target, name));
      return entry?.object;
    });
  }
  if (call.resource.subresource !== undefined) return handleSubresource(deps, call);
  const { resources } = deps;
  const { verb } = call.resource;
  switch (verb) {
    case "get":
      return getObject(resources, call);
    case "list":
      return listObjects(resources, call);
    case "watch":
      return watchObjects(deps.watch, call);
    case "create":
      return create(resources, call);
    case "update":
      return update(resources, call);
    case "patch":
      return patch(resources, call);
    case "delete":
      return deleteOne(resources, call);
    case "deletecollection":
      return deleteCollection(resources, call);
    default:
      return verb satisfies never;
  }
}

function handleSubresource(deps: ResourceDeps, call: Call): Promise<FastifyReply | void> {
  const { kind, resource } = call;
  const { resources } = deps;
  if (!subresourcesOf(kind).some(({ name }) => name === resource.subresource)) {
    throw resourceNotFound();
  }
  switch (resource.subresource) {
    case "status":
      return handlePart(resources, call, "status");
    case "ephemeralcontainers":
      return handlePart(resources, call, ephemeralContainersStrategy);
    case "scale":
      return handleScale(resources, call);
    case "binding":
      return bindPod(resources, call);
    case "token":
      return requestToken(resources, deps.tokens, call);
    case "finalize":
      return finalizeNamespace(resources, call);
    case "log":
      return streamLogs(deps, call);
    case "eviction":
      return evictPod(resources, call);
    default:
      throw UPGRADED.has(resource.subresource ?? "")
        ? badRequest("Upgrade request required")
        : methodNotAllowed();
  }
}

/** Reads an object, or writes the part of it that a subresource is. */
function handlePart(resources: Resources, call: Call, part: Part): Promise<FastifyReply> {
  switch (call.resource.verb) {
    case "get":
      return getObject(resources, call);
    case "update":
      return update(resources, call, part);
    case "patch":
      return patch(resources, call, part);
    default:
      throw methodNotAllowed();
  }
}
