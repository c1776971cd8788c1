import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Kinds } from "@kubehop/api";
import {
  createEventRecorder,
  createRestClient,
  type EventSubject,
  type RestClient,
} from "@kubehop/client";
import type { Logger } from "@kubehop/kit";

/** Tells users of the cluster what this pod met with, as Events of the pod. */
export interface PodEvents extends AsyncDisposable {
  /** Records a Warning; never blocks, never throws. Outside of a pod it does nothing. */
  warn(reason: string, message: string): void;
}

/** Where a pod finds the API server and who it is. */
export interface PodEventsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Folder of the service account's token, ca.crt and namespace. */
  readonly serviceAccount?: string;
}

/** Where a kubelet puts a pod's credentials. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const COMPONENT = "coredns";

/** Creates the sender; each event goes over a connection of its own, with the token of that time. */
export function createPodEvents(options: PodEventsOptions): PodEvents {
  const { env, logger } = options;
  let sending: Promise<void> = Promise.resolve();
  return {
    warn(reason, message) {
      if (env["KUBERNETES_SERVICE_HOST"] === undefined) return;
      sending = sending
        .then(() => send(options, { reason, message }))
        .catch((error: unknown) => {
          logger.warn({ err: error, reason }, "the Event could not be recorded");
        });
    },
    async [Symbol.asyncDispose]() {
      await sending;
    },
  };
}

async function send(
  { env, logger, serviceAccount = SERVICE_ACCOUNT }: PodEventsOptions,
  { reason, message }: { reason: string; message: string },
): Promise<void> {
  const read = (name: string): string => readFileSync(join(serviceAccount, name), "utf8").trim();
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  const ref = { namespace: read("namespace"), name: env["HOSTNAME"] ?? COMPONENT };
  await using rest = createRestClient({
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: read("ca.crt"),
    token: read("token"),
    userAgent: "kubehop-dns",
  });
  const subject = await findPod(rest, ref);
  await using recorder = createEventRecorder(rest, COMPONENT, logger);
  recorder.event(subject, "Warning", reason, message);
}

/** With its uid, which `kubectl describe pod` looks for, if the pod may read itself. */
async function findPod(
  rest: RestClient,
  ref: { readonly namespace: string; readonly name: string },
): Promise<EventSubject> {
  const known = { apiVersion: "v1", kind: "Pod" };
  try {
    const { metadata } = await rest.get(Kinds.Pod, ref);
    return { ...known, metadata };
  } catch {
    return { ...known, metadata: ref };
  }
}
