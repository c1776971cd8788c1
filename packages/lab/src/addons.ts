import type { BusPasswords } from "@kubehop/client";
import { Kinds } from "@kubehop/api";
import { dataPath } from "@kubehop/kit/programs";
import { loadManifests } from "./manifests/load-manifests.ts";
import type { Manifest } from "./manifests/manifest.ts";
import type { Topology } from "./topology.ts";

const FOLDER = dataPath("packages/lab/addons");

/**
 * What every lab has in kube-system: cluster DNS and the bus as a Service. From the files in
 * packages/lab/addons, with this lab's addresses and passwords.
 */
export async function loadAddons(topology: Topology, passwords: BusPasswords): Promise<Manifest[]> {
  const manifests = await loadManifests([FOLDER]);
  const withAddresses = manifests.map((manifest) =>
    manifest.object.metadata.name === "kube-dns"
      ? withClusterIp(manifest, topology.clusterDns)
      : manifest,
  );
  return [...withAddresses, busSecret(passwords)];
}

function withClusterIp(manifest: Manifest, clusterIP: string): Manifest {
  const { object } = manifest;
  return { ...manifest, object: { ...object, spec: { ...(object["spec"] as object), clusterIP } } };
}

/** The DNS pods' credentials: they may read what DNS is made of, and nothing else. */
function busSecret(passwords: BusPasswords): Manifest {
  return {
    kind: Kinds.Secret,
    source: { file: "packages/lab/src/addons.ts", line: 1 },
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "bus-dns", namespace: "kube-system" },
      type: "Opaque",
      data: { user: base64("dns"), password: base64(passwords.dns) },
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
