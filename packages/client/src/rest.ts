import type { Readable } from "node:stream";
import {
  apiVersionOf,
  type DeleteOptions,
  type Draft,
  type Kind,
  type KubeObject,
} from "@kubehop/api";
import {
  createRestTransport,
  type RestOptions,
  type RestRequest,
  type RestResponse,
} from "./rest-transport.ts";
import { itemPath, listPath, type ListSelection, type ObjectRef } from "./rest-path.ts";
import { readWatch, type WatchEvent } from "./rest-watch.ts";

/** How a patch is to be read by the server. */
export type PatchType = "json" | "merge" | "strategic";

/** What to watch, from which version on. */
export interface WatchOptions extends ListSelection {
  /** Only later changes are told; absent: the present objects come first, as ADDED. */
  readonly resourceVersion?: string;
  readonly allowWatchBookmarks?: boolean;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/**
 * Requests to the API server. A failure that the server tells rejects with its StatusError; one
 * of the network rejects with ServerUnreachable naming server and cause. Everything but `watch` and
 * `request` has a deadline of 30 s. Disposing closes the connections.
 */
export interface RestClient extends AsyncDisposable {
  get<T extends KubeObject>(kind: Kind<T>, ref: ObjectRef): Promise<T>;
  list<T extends KubeObject>(
    kind: Kind<T>,
    selection?: ListSelection,
  ): Promise<{ items: T[]; resourceVersion: string }>;
  create<T extends KubeObject>(kind: Kind<T>, object: Draft<T>): Promise<T>;
  /** Replaces an object; with a resourceVersion only if it is still that one (else 409). */
  update<T extends KubeObject>(
    kind: Kind<T>,
    object: T,
    options?: { readonly subresource?: "status" },
  ): Promise<T>;
  patch<T extends KubeObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    patch: { readonly type: PatchType; readonly body: unknown },
    options?: { readonly subresource?: string },
  ): Promise<T>;
  /** Resolves when the server accepted the deletion; the object may stay for its grace period. */
  delete(kind: Kind, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  deleteCollection(kind: Kind, selection: ListSelection): Promise<void>;
  /** Ends when the server ends the stream; throws the StatusError of an ERROR event. */
  watch<T extends KubeObject>(kind: Kind<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Any request, by path; the answer's body is the caller's to read to its end or destroy. */
  request(request: RestRequest): Promise<RestResponse>;
}

const DEADLINE_MS = 30_000;

const PATCH_CONTENT_TYPES: Readonly<Record<PatchType, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

/** Creates a client; it connects with its first request. */
export function createRestClient(
  options: RestOptions & { readonly userAgent: string },
): RestClient {
  const transport = createRestTransport(options);

  const call = async <R>(request: RestRequest): Promise<R> => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const { body } = await transport.request({ ...request, signal });
    return JSON.parse(await transport.readText(body)) as R;
  };
  return {
    get: (kind, ref) => call({ method: "GET", path: itemPath(kind, ref) }),
    async list<T extends KubeObject>(kind: Kind<T>, selection: ListSelection = {}) {
      const list = await call<{ metadata: { resourceVersion?: string }; items: T[] | null }>({
        method: "GET",
        path: listPath(kind, selection),
      });
      // The items of a list carry neither; an object without them is no use elsewhere.
      const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };
      const items = (list.items ?? []).map((item) => ({ ...type, ...item }));
      return { items, resourceVersion: list.metadata.resourceVersion ?? "" };
    },
    create(kind, object) {
      const { namespace } = object.metadata;
      const path = listPath(kind, namespace === undefined ? {} : { namespace });
      return call({ method: "POST", path, body: object });
    },
    update: (kind, object, { subresource } = {}) =>
      call({ method: "PUT", path: itemPath(kind, object.metadata, subresource), body: object }),
    patch: (kind, ref, { type, body }, { subresource } = {}) =>
      call({
        method: "PATCH",
        path: itemPath(kind, ref, subresource),
        body,
        headers: { "content-type": PATCH_CONTENT_TYPES[type] },
      }),
    async delete(kind, ref, body = {}) {
      await call({ method: "DELETE", path: itemPath(kind, ref), body });
    },
    async deleteCollection(kind, selection) {
      await call({ method: "DELETE", path: listPath(kind, selection) });
    },
    watch: (kind, watchOptions = {}) => watch(transport.request, kind, watchOptions),
    request: transport.request,
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

async function* watch<T extends KubeObject>(
  request: (request: RestRequest) => Promise<{ readonly body: Readable }>,
  kind: Kind<T>,
  { signal, resourceVersion, allowWatchBookmarks, ...selection }: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const parameters = {
    watch: "true",
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(allowWatchBookmarks === true && { allowWatchBookmarks: "true" }),
  };
  const path = listPath(kind, selection, parameters);
  const { body } = await request({ method: "GET", path, ...(signal && { signal }) });
  yield* readWatch<T>(body);
}
