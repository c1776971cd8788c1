import type { Draft, OwnerReference, Pod, PodTemplateSpec } from "@kubehop/api";

/** Where a pod made from a template goes, and what it belongs to. */
export interface PodIdentity {
  readonly namespace: string;
  /** Its name, or the beginning of one that the API server completes. */
  readonly name: { readonly exactly: string } | { readonly startsWith: string };
  readonly owner: OwnerReference;
  /** Added to the template's labels. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod made from a template. */
export function podFromTemplate(template: PodTemplateSpec, identity: PodIdentity): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { name } = identity;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...("exactly" in name ? { name: name.exactly } : { generateName: name.startsWith }),
      namespace: identity.namespace,
      labels: { ...labels, ...identity.labels },
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [identity.owner],
    },
    spec: template.spec,
  };
}
