import {
  createEventRecorder,
  createRestClient,
  type EventRecorder,
  loadKubeconfig,
} from "@kubehop/client";
import type { Logger } from "@kubehop/kit";
import type { ChosenMode } from "./dataplane/select.ts";

/** What users are told of by Events (`kubectl describe node` and `service` show them). */
export interface ProxyEvents extends AsyncDisposable {
  /** The wanted mode cannot be used here. */
  modeUnavailable(wanted: string, chosen: ChosenMode): void;
  /** An address of a service port (`ns/name:port`) cannot be listened on. */
  unbound(service: string, address: string, problem: string): void;
}

/** Where Events are written and whose they are. */
export interface ProxyEventsOptions {
  /** File with access to the API server; without one the log alone tells. */
  readonly kubeconfig: string;
  readonly nodeName: string;
  readonly logger: Logger;
}

/** Creates what writes Events. Throws when the kubeconfig cannot be used. */
export function createProxyEvents(options: ProxyEventsOptions): ProxyEvents {
  const { nodeName, logger } = options;
  const stack = new AsyncDisposableStack();
  const recorder = createRecorder(stack, options);
  const warn = (object: Parameters<EventRecorder["event"]>[0], reason: string, message: string) =>
    recorder?.event(object, "Warning", reason, message);
  return {
    modeUnavailable(wanted, { mode, problem }) {
      logger.warn({ wanted, mode, problem }, "proxy mode unavailable");
      const node = { apiVersion: "v1", kind: "Node", metadata: { name: nodeName } };
      const message = `Proxy mode ${wanted} cannot be used: ${problem}. Using ${mode} instead.`;
      warn(node, "ProxyModeUnavailable", message);
    },
    unbound(service, address, problem) {
      const [namespace = "", rest = ""] = service.split("/");
      const [name = ""] = rest.split(":");
      const object = { apiVersion: "v1", kind: "Service", metadata: { namespace, name } };
      const message = `Node ${nodeName} cannot listen on ${address}: ${problem}; it tries again.`;
      warn(object, "FailedToBindPort", message);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function createRecorder(
  stack: AsyncDisposableStack,
  { kubeconfig, nodeName, logger }: ProxyEventsOptions,
): EventRecorder | undefined {
  if (kubeconfig === "") return undefined;
  const rest = stack.use(
    createRestClient({ ...loadKubeconfig(kubeconfig), userAgent: `kube-proxy/${nodeName}` }),
  );
  return stack.use(createEventRecorder(rest, "kube-proxy", logger));
}
