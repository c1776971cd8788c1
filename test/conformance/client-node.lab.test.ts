import {
  ApiException,
  AppsV1Api,
  Attach,
  AuthenticationV1Api,
  CoreV1Api,
  Exec,
  Health,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
  Watch,
} from "@kubernetes/client-node";
import { PassThrough, Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { describeLab } from "../support/describe-lab.ts";

const NAMESPACE = "client-node";
const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const HEAL_MS = 60_000;

/** A pod that says something on each stream, answers on a port, and ticks from the first call on. */
const SERVER = `
  console.log("out");
  console.error("err");
  let ticking;
  require("node:net").createServer((socket) => {
    ticking ??= setInterval(() => console.log("tick"), 100);
    socket.on("error", () => {}).pipe(socket);
  }).listen(8080);
`;
const CALL = 'require("node:net").connect(8080).end()';

describeLab("@kubernetes/client-node", { nodes: 1 }, (lab) => {
  const config = new KubeConfig();
  let core: CoreV1Api;

  beforeAll(async () => {
    config.loadFromFile(lab().kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  });

  const create = (name: string, labels: Record<string, string> = {}): Promise<V1ConfigMap> =>
    core.createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: { metadata: { name, labels }, data: { name } },
    });

  describe("informers", () => {
    test("follow what is selected, and list anew after the API server was killed", async () => {
      const labels = { followed: "yes" };
      const labelSelector = "followed=yes";
      const list = (): ReturnType<CoreV1Api["listNamespacedConfigMap"]> =>
        core.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector });
      const informer = makeInformer<V1ConfigMap>(config, CONFIG_MAPS, list, labelSelector);
      const seen: string[] = [];
      let errors = 0;
      for (const verb of ["add", "update", "delete"] as const) {
        informer.on(verb, ({ metadata }) => void seen.push(`${verb} ${metadata?.name}`));
      }
      // As its README tells its users to.
      informer.on("error", () => {
        errors += 1;
        setTimeout(() => void informer.start(), 100);
      });
      await create("early", labels);
      await informer.start();
      await create("unseen");
      await create("late", labels);
      await waitFor(() => informer.get("late", NAMESPACE) !== undefined);
      await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "early" });
      await waitFor(() => informer.get("early", NAMESPACE) === undefined);
      expect(seen).toEqual(["add early", "add late", "delete early"]);

      await lab().signal("apiserver", "SIGKILL");
      await waitFor(() => errors > 0, { timeoutMs: HEAL_MS });
      await waitFor(() => create("after", labels), { timeoutMs: HEAL_MS });
      await waitFor(() => informer.get("after", NAMESPACE) !== undefined, { timeoutMs: HEAL_MS });
      expect(informer.list(NAMESPACE).map(({ metadata }) => metadata?.name)).toEqual(
        expect.arrayContaining(["after", "late"]),
      );
      await informer.stop();
    });

    test("a watch goes on from the version it names and tells each change once", async () => {
      const { metadata } = await create("counted");
      const from = metadata?.resourceVersion ?? "";
      const name = "counted";
      for (const value of ["1", "2", "3"]) {
        const body = [{ op: "replace", path: "/data/name", value }];
        await core.patchNamespacedConfigMap({ namespace: NAMESPACE, name, body });
      }
      const values: string[] = [];
      const query = { resourceVersion: from, fieldSelector: "metadata.name=counted" };
      const { promise: ended, resolve } = Promise.withResolvers<unknown>();
      const watch = await new Watch(config).watch(
        CONFIG_MAPS,
        query,
        (type, object: V1ConfigMap) => void values.push(`${type} ${object.data?.["name"]}`),
        resolve,
      );
      await waitFor(() => values.length >= 3, { describe: () => values.join() });
      expect(values).toEqual(["MODIFIED 1", "MODIFIED 2", "MODIFIED 3"]);
      watch.abort();
      await ended;
    });

    test("a watch from before the server's time is answered with 410, which makes informers list", async () => {
      const seen: unknown[] = [];
      const { promise: ended, resolve } = Promise.withResolvers<unknown>();
      const told = (type: string, object: V1Status): void => void seen.push([type, object.code]);
      await new Watch(config).watch(CONFIG_MAPS, { resourceVersion: "1" }, told, resolve);
      const error = (await ended) as { statusCode?: number } | null;
      expect([error?.statusCode, ...seen]).toEqual(
        error === null ? [undefined, ["ERROR", 410]] : [410],
      );
    });
  });

  describe("patches", () => {
    const target = { namespace: NAMESPACE, name: "patched" };
    const apps = (): AppsV1Api => config.makeApiClient(AppsV1Api);
    const contentType = (strategy: PatchStrategy): ReturnType<typeof setHeaderOptions> =>
      setHeaderOptions("Content-Type", strategy);

    beforeAll(async () => {
      const labels = { app: "patched" };
      const spec = { containers: [{ name: "main", image: "pause" }] };
      await apps().createNamespacedDeployment({
        namespace: NAMESPACE,
        body: {
          metadata: { name: target.name },
          spec: {
            replicas: 0,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec },
          },
        },
      });
    });

    test("JSON, merge and strategic merge patches each do what is theirs", async () => {
      const json = [{ op: "add", path: "/spec/minReadySeconds", value: 7 }];
      const first = await apps().patchNamespacedDeployment({ ...target, body: json });
      expect(first.spec?.minReadySeconds).toBe(7);
      const merge = { metadata: { labels: { tier: "front" } }, spec: { minReadySeconds: null } };
      const second = await apps().patchNamespacedDeployment(
        { ...target, body: merge },
        contentType(PatchStrategy.MergePatch),
      );
      expect([second.spec?.minReadySeconds, second.metadata?.labels]).toEqual([
        undefined,
        { tier: "front" },
      ]);
      const sidecar = { name: "side", image: "pause" };
      const strategic = { spec: { template: { spec: { containers: [sidecar] } } } };
      const third = await apps().patchNamespacedDeployment(
        { ...target, body: strategic },
        contentType(PatchStrategy.StrategicMergePatch),
      );
      const names = third.spec?.template.spec?.containers.map(({ name }) => name);
      expect(names?.toSorted()).toEqual(["main", "side"]);
    });

    test("server-side apply owns fields, conflicts, and takes over by force", async () => {
      const objects = KubernetesObjectApi.makeApiClient(config);
      const metadata = { name: "applied", namespace: NAMESPACE };
      const wanted = (colour: string): V1ConfigMap => {
        return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { colour } };
      };
      const apply = (manager: string, colour: string, force = false): Promise<V1ConfigMap> => {
        const strategy = PatchStrategy.ServerSideApply;
        return objects.patch(wanted(colour), undefined, undefined, manager, force, strategy);
      };
      expect((await apply("one", "red")).data).toEqual({ colour: "red" });
      const conflict = await apply("two", "blue").catch((error: unknown) => error);
      expect(conflict).toBeInstanceOf(ApiException);
      expect((conflict as ApiException<string>).code).toBe(409);
      expect((conflict as ApiException<string>).body).toContain(
        'conflict with \\"one\\": .data.colour',
      );
      const forced = await apply("two", "blue", true);
      expect(forced.metadata?.managedFields?.map(({ manager }) => manager)).toEqual(["two"]);
    });

    test("scale and status are subresources of their own", async () => {
      const scale = await apps().readNamespacedDeploymentScale(target);
      expect(scale.spec?.replicas).toBe(0);
      const body = Object.assign(scale, { spec: { replicas: 1 } });
      const scaled = await apps().replaceNamespacedDeploymentScale({ ...target, body });
      expect(scaled.spec?.replicas).toBe(1);
      const { spec } = await apps().readNamespacedDeployment(target);
      expect(spec?.replicas).toBe(1);
    });
  });

  test("a list of 1,000 objects comes in pages of one moment", async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `page-${1_000 + index}`);
    const labels = { paged: "yes" };
    const { rest } = lab();
    const next = names.values();
    // Not by the client under test: it opens a connection for each request.
    const worker = async (): Promise<void> => {
      for (const name of next) {
        const metadata = { namespace: NAMESPACE, name, labels };
        await rest.create(Kinds.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata });
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    const request = { namespace: NAMESPACE, labelSelector: "paged=yes" };
    const found: (string | undefined)[] = [];
    const versions = new Set<string | undefined>();
    let _continue: string | undefined;
    do {
      const page = await core.listNamespacedConfigMap({
        ...request,
        limit: 300,
        ...(_continue !== undefined && { _continue }),
      });
      if (_continue === undefined) {
        await create("page-9999", labels);
        await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "page-1999" });
      }
      found.push(...page.items.map(({ metadata }) => metadata?.name));
      versions.add(page.metadata?.resourceVersion);
      _continue = page.metadata?._continue;
    } while (_continue !== undefined && _continue !== "");
    expect(found).toEqual(names);
    expect(versions.size).toBe(1);
    const garbage = core.listNamespacedConfigMap({ ...request, limit: 1, _continue: "garbage" });
    await expect(garbage).rejects.toMatchObject({ code: 400 });
    await core.deleteCollectionNamespacedConfigMap(request);
    expect((await core.listNamespacedConfigMap(request)).items).toEqual([]);
  });

  describe("streams to a pod", () => {
    const pod = "server";

    beforeAll(async () => {
      const command = [process.execPath, "-e", SERVER];
      const spec = { containers: [{ name: "main", image: "busybox", command }] };
      const body = { metadata: { name: pod }, spec };
      await core.createNamespacedPod({ namespace: NAMESPACE, body });
      await waitFor(
        async () => {
          const { status } = await core.readNamespacedPod({ namespace: NAMESPACE, name: pod });
          return status?.conditions?.some(
            ({ type, status: is }) => type === "Ready" && is === "True",
          );
        },
        { timeoutMs: HEAL_MS },
      );
      // Two streams have no order: both are there before more comes on one of them.
      const log = { namespace: NAMESPACE, name: pod };
      await waitFor(async () => /out\nerr|err\nout/.test(await core.readNamespacedPodLog(log)));
      await exec([process.execPath, "-e", CALL], null);
    });

    /** A stream that takes what comes, and the text of it so far. */
    function collector(): { readonly stream: PassThrough; text(): string } {
      const stream = new PassThrough();
      let text = "";
      stream.on("data", (data: Buffer) => void (text += data.toString()));
      return { stream, text: () => text };
    }

    async function exec(command: string[], input: string | null): Promise<unknown> {
      const [out, err] = [collector(), collector()];
      const stdin = input === null ? null : Readable.from([input]);
      const { promise, resolve } = Promise.withResolvers<V1Status>();
      const streams = [out.stream, err.stream, stdin] as const;
      await new Exec(config).exec(NAMESPACE, pod, "main", command, ...streams, false, resolve);
      const { status, details } = await promise;
      return { out: out.text(), err: err.text(), status, code: details?.causes?.[0]?.message };
    }

    test("exec has input, both outputs and an exit code", async () => {
      const script = "read line; echo got $line; echo bad >&2; exit 3";
      expect(await exec(["sh", "-c", script], "typed\n")).toEqual({
        out: "got typed\n",
        err: "bad\n",
        status: "Failure",
        code: "3",
      });
      expect(await exec(["true"], null)).toMatchObject({ status: "Success" });
    });

    test("logs are followed, and end after as many bytes as were asked for", async () => {
      const log = collector();
      const options = { follow: true, limitBytes: 38 };
      await new Log(config).log(NAMESPACE, pod, "main", log.stream, options);
      await finished(log.stream);
      expect(log.text()).toMatch(/^(?:out\nerr|err\nout)\n(?:tick\n){6}$/);
      const tail = { namespace: NAMESPACE, name: pod, tailLines: 1 };
      expect(await core.readNamespacedPodLog(tail)).toBe("tick\n");
    });

    test("attach shows what the pod writes", async () => {
      const out = collector();
      const attach = new Attach(config);
      const socket = await attach.attach(NAMESPACE, pod, "main", out.stream, null, null, false);
      await waitFor(() => out.text().includes("tick\n"));
      socket.close();
    });

    test("port-forward carries bytes both ways", async () => {
      const out = collector();
      const input = new PassThrough();
      const forward = new PortForward(config);
      const socket = await forward.portForward(NAMESPACE, pod, [8080], out.stream, null, input);
      input.write("echo ");
      input.write("me");
      await waitFor(() => out.text() === "echo me", { describe: out.text });
      if (typeof socket !== "function") socket.close();
    });

    test("eviction ends the pod", async () => {
      const name = pod;
      const body = { metadata: { name, namespace: NAMESPACE } };
      await core.createNamespacedPodEviction({ namespace: NAMESPACE, name, body });
      await waitFor(
        () =>
          core.readNamespacedPod({ namespace: NAMESPACE, name }).then(
            () => false,
            (error: unknown) => (error as ApiException<unknown>).code === 404,
          ),
        { timeoutMs: HEAL_MS },
      );
    });
  });

  test("errors carry the code and the Status", async () => {
    const missing = core.readNamespacedService({ namespace: NAMESPACE, name: "nothing" });
    const error = await missing.catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 404 });
    expect(String((error as ApiException<unknown>).body)).toContain(
      'services \\"nothing\\" not found',
    );
  });

  test("knows who it is and that the server is well", async () => {
    const reviews = config.makeApiClient(AuthenticationV1Api);
    const review = await reviews.createSelfSubjectReview({ body: {} });
    expect(review.status?.userInfo?.username).toBe("kubernetes-admin");
    const health = new Health(config);
    expect([await health.readyz({}), await health.livez({})]).toEqual([true, true]);
  });
});
