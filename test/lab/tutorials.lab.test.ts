import { join } from "node:path";
import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { expect, test } from "vitest";
import { fetchOnceServed, run, sampleApp } from "../support/client-pod.ts";
import { endpointsReady, podsReady } from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";

const MANIFESTS = join(import.meta.dirname, "tutorials");

/** Manifests as the Kubernetes tutorials print them, unchanged. */
describeLab(
  "tutorial manifests run unchanged",
  { nodes: 2, files: [join(EXAMPLES, "client.yaml")] },
  (lab) => {
    test("nginx Deployment and a Service with a named targetPort", async () => {
      await lab().apply([join(MANIFESTS, "nginx.yaml")]);
      await endpointsReady(lab(), "nginx-service", 3);
      const { response } = await fetchOnceServed(lab(), "http://nginx-service/");
      expect(response?.body).toContain("Welcome to nginx!");
    });

    test("connecting applications: run two nginx, look the Service up by name", async () => {
      await lab().apply([join(MANIFESTS, "run-my-nginx.yaml")]);
      await endpointsReady(lab(), "my-nginx", 2);
      const { queries, response } = await fetchOnceServed(
        lab(),
        "http://my-nginx.default.svc.cluster.local/",
      );
      expect(response?.status).toBe(200);
      const service = await lab().rest.get(Kinds.Service, {
        namespace: "default",
        name: "my-nginx",
      });
      expect(queries.flatMap((query) => query.answers)).toContain(service.spec?.clusterIP);
    });

    test("agnhost netexec: hostname, echo, client IP over HTTP and UDP", async () => {
      await lab().apply([join(MANIFESTS, "agnhost.yaml")]);
      await endpointsReady(lab(), "agnhost", 2);
      const names = (await podsReady(lab(), "app=agnhost", 2)).map((pod) => pod.metadata.name);
      const { response } = await fetchOnceServed(lab(), "http://agnhost/hostname");
      expect(names).toContain(response?.body);
      // The pod that dials may be on a node whose proxy hears of the Service a moment later.
      const responses = await waitFor(async () => {
        const dial = await fetchOnceServed(
          lab(),
          "http://agnhost/dial?host=agnhost&port=90&protocol=udp&tries=3",
        );
        const told = JSON.parse(dial.response?.body ?? "{}") as { responses?: string[] };
        return told.responses?.length === 3 ? told.responses : undefined;
      });
      for (const name of responses) expect(names).toContain(name);
      const connect = await run(
        lab(),
        sampleApp("agnhost", "connect", "--timeout=15s", "agnhost:80"),
      );
      expect(connect).toBe("");
    });

    test("busybox with a shell command: it runs, and its log can be read", async () => {
      await lab().apply([join(MANIFESTS, "counter.yaml")]);
      const log = await waitFor(
        async () => {
          const text = await logOf("counter");
          return text.includes("2: ") ? text : undefined;
        },
        { timeoutMs: 60_000 },
      );
      expect(log).toMatch(/^0: .+\n1: .+\n2: /);
    });

    test("a ConfigMap as environment and as files of a volume", async () => {
      await lab().apply([join(MANIFESTS, "config.yaml")]);
      await podsReady(lab(), "app=configured", 1);
      const log = await waitFor(async () => {
        const text = await logOf("configured");
        return text.includes("enemies") ? text : undefined;
      });
      expect(log).toContain("lives=3");
      expect(log).toContain("enemies=aliens");
    });

    test("an init container fills an emptyDir before the web server starts", async () => {
      await lab().apply([join(MANIFESTS, "init-demo.yaml")]);
      await endpointsReady(lab(), "init-demo", 1);
      const { response } = await fetchOnceServed(lab(), "http://init-demo/");
      expect(response?.body).toContain("made by the init container");
      const pod = await lab().rest.get(Kinds.Pod, { namespace: "default", name: "init-demo" });
      const [init] = pod.status?.initContainerStatuses ?? [];
      expect(init?.state?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    });

    async function logOf(pod: string): Promise<string> {
      const path = `/api/v1/namespaces/default/pods/${pod}/log`;
      const { body } = await lab().rest.request({ method: "GET", path });
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    }
  },
);
