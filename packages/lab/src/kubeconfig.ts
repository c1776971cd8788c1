import type { KeyPair } from "@kubehop/kit/certificates";
import { stringify } from "yaml";

/** Who reaches which API server. */
export interface KubeconfigOptions {
  /** The name of cluster, user and context. */
  readonly name: string;
  /** https://host:port */
  readonly server: string;
  /** The cluster's CA, PEM. */
  readonly ca: string;
  /** The user's client certificate, PEM. */
  readonly user: KeyPair;
}

/** The text of a kubeconfig file with everything inside it; kubectl reads it as it is. */
export function kubeconfig({ name, server, ca, user }: KubeconfigOptions): string {
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
      users: [
        {
          name,
          user: {
            "client-certificate-data": base64(user.cert),
            "client-key-data": base64(user.key),
          },
        },
      ],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    },
    { lineWidth: 0 },
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
