import { clusterIpOf, type NetworkCase, servedBy, unanswered } from "../support/case.ts";

const FLUSH_IPTABLES =
  "restore=$(command -v iptables-legacy-restore || echo iptables-restore); " +
  "for table in nat filter mangle; do printf '*%s\\nCOMMIT\\n' $table | $restore; done";

/** What puts a mode's rules out of the kernel. */
const FLUSH: Readonly<Record<string, readonly string[]>> = {
  nftables: ["nft", "delete", "table", "ip", "kube-proxy"],
  iptables: ["sh", "-c", FLUSH_IPTABLES],
};

/** A node that somebody has broken. */
export const recoveryCases: readonly NetworkCase[] = [
  {
    title: "should recreate its rules if they are deleted",
    async run(test) {
      const service = await test.service();
      await servedBy(test.clients[2], clusterIpOf(service));
      // It must not look after them before their absence was seen.
      await test.lab.signal("kube-proxy/node-3", "SIGSTOP");
      try {
        await test.runOnNode("node-3", FLUSH[test.mode] ?? []);
        await unanswered(test.clients[2], clusterIpOf(service));
      } finally {
        await test.lab.signal("kube-proxy/node-3", "SIGCONT");
      }
      await servedBy(test.clients[2], clusterIpOf(service));
    },
  },
];
