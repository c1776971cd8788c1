import { isNotFound, Kinds, type Service, type ServicePort } from "@kubehop/api";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

/** A Service as it is written: "name", "namespace/name", each with ":port" behind. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
  /** A port's name or number. */
  readonly port?: string;
}

const FORM = /^(?:([a-z0-9-]+)\/)?([a-z0-9-]+)(?::([a-z0-9-]+))?$/;

/** Reads the name of a Service. Throws KubehopError when it is none. */
export function parseServiceName(text: string): ServiceName {
  const [, namespace = "default", name, port] = FORM.exec(text) ?? [];
  if (name === undefined) {
    throw new KubehopError(
      `"${text}" is not the name of a Service.`,
      'Write "my-api", "default/my-api" or "default/my-api:http".',
    );
  }
  return { namespace, name, ...(port === undefined ? {} : { port }) };
}

/** Finds a Service. Throws KubehopError when it does not exist. */
export async function findService(
  { rest }: Cluster,
  { namespace, name }: ServiceName,
): Promise<Service> {
  try {
    return await rest.get(Kinds.Service, { namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { items } = await rest.list(Kinds.Service, { namespace });
    const names = items.map(({ metadata }) => metadata.name).join(", ") || "none";
    throw new KubehopError(
      `There is no Service "${name}" in namespace ${namespace}.`,
      `Those there: ${names}.`,
      { cause: error },
    );
  }
}

/** The port that is meant: the named one, or the only one, or the first. Throws KubehopError. */
export function findServicePort(service: Service, port: string | undefined): ServicePort {
  const ports = service.spec.ports ?? [];
  const found =
    port === undefined
      ? ports[0]
      : ports.find((one) => one.name === port || String(one.port) === port);
  if (found !== undefined) return found;
  const { namespace, name } = service.metadata;
  const known = ports.map((one) => `${one.name ?? "-"} (${one.port})`).join(", ") || "none";
  throw new KubehopError(
    `Service ${namespace}/${name} has no port ${port ?? "at all"}.`,
    `Its ports: ${known}.`,
  );
}
