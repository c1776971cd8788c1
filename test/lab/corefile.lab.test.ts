import { type ConfigMap, type Event, Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { expect, test } from "vitest";
import { fetchUrl } from "../support/client-pod.ts";
import { podsOf } from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";

const REF = { namespace: "kube-system", name: "coredns" };
/** The kubelet brings the change, then `reload` looks every 30 s, give or take 15. */
const TAKEN_OVER_MS = 120_000;

describeLab("an edited Corefile", { nodes: 1, files: [EXAMPLES] }, (lab) => {
  test(
    "with a mistake is told as an Event of each DNS pod, and the old one goes on",
    { timeout: TAKEN_OVER_MS * 2 },
    async () => {
      const { data } = await lab().rest.get<ConfigMap>(Kinds.ConfigMap, REF);
      const broken = (data?.["Corefile"] ?? "").replace("cache 30", "cahce 30");
      const body = { data: { Corefile: broken } };
      await lab().rest.patch(Kinds.ConfigMap, REF, { type: "merge", body });
      const pods = await podsOf(lab(), "k8s-app=kube-dns", "kube-system");
      const events = await waitFor(
        async () => {
          const found = await corefileEvents();
          const told = new Set(found.map(({ involvedObject }) => involvedObject.uid));
          return pods.every(({ metadata }) => told.has(metadata.uid)) ? found : undefined;
        },
        { timeoutMs: TAKEN_OVER_MS },
      );
      for (const { involvedObject, message, type } of events) {
        expect(type).toBe("Warning");
        expect(message).toContain("/etc/coredns/Corefile:12:5: Unknown directive 'cahce'");
        expect(pods.map(({ metadata }) => metadata.uid)).toContain(involvedObject.uid);
      }
      const { queries } = await fetchUrl(lab(), "http://my-api.default.svc.cluster.local./");
      expect(queries[0]).toMatchObject({ rcode: "NOERROR", answers: ["10.96.0.50"] });
    },
  );

  async function corefileEvents(): Promise<Event[]> {
    const { items } = await lab().rest.list<Event>(Kinds.Event, { namespace: "kube-system" });
    return items.filter(({ reason }) => reason === "CorefileInvalid");
  }
});
