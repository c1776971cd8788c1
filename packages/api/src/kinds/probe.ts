import { int32, int64, intOrString, list, object, text, type SchemaOf } from "../schema.ts";

/** A check of a container, with its timing in seconds. */
export interface Probe extends ProbeHandler {
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
  terminationGracePeriodSeconds?: number;
}

/** How a probe asks; exactly one is set. */
export interface ProbeHandler {
  exec?: ExecAction;
  httpGet?: HTTPGetAction;
  tcpSocket?: TCPSocketAction;
  grpc?: GRPCAction;
}

/** A command in the container; exit code 0 is success. */
export interface ExecAction {
  command?: string[];
}

/** An HTTP GET; 200 to 399 is success. */
export interface HTTPGetAction {
  path?: string;
  port: number | string;
  host?: string;
  scheme?: "HTTP" | "HTTPS";
  httpHeaders?: HTTPHeader[];
}

/** A request header. */
export interface HTTPHeader {
  name: string;
  value: string;
}

/** A TCP connection that opens is success. */
export interface TCPSocketAction {
  port: number | string;
  host?: string;
}

/** A call of the gRPC health service. */
export interface GRPCAction {
  port: number;
  service?: string;
}

/** What runs after a container's start and before its end. */
export interface Lifecycle {
  postStart?: LifecycleHandler;
  preStop?: LifecycleHandler;
  stopSignal?: string;
}

/** How a lifecycle hook acts; exactly one is set. */
export interface LifecycleHandler {
  exec?: ExecAction;
  httpGet?: HTTPGetAction;
  tcpSocket?: TCPSocketAction;
  sleep?: SleepAction;
}

/** Waits. */
export interface SleepAction {
  seconds: number;
}

const ExecActionSchema: SchemaOf<ExecAction> = object<ExecAction>(
  "ExecAction",
  "Runs a command in the container; exit code 0 is success.",
  { command: list(text(""), "The command and its arguments.", { listType: "atomic" }) },
);

const HTTPGetActionSchema: SchemaOf<HTTPGetAction> = object<HTTPGetAction>(
  "HTTPGetAction",
  "Sends an HTTP GET; 200 to 399 is success.",
  {
    path: text("Path; default /."),
    port: intOrString("Number or name of the port."),
    host: text("Host to connect to; default the pod IP."),
    scheme: text("HTTP or HTTPS; default HTTP."),
    httpHeaders: list(
      object<HTTPHeader>(
        "HTTPHeader",
        "A request header.",
        { name: text("Its name."), value: text("Its value.") },
        ["name", "value"],
      ),
      "Further request headers.",
      { listType: "atomic" },
    ),
  },
  ["port"],
);

const TCPSocketActionSchema: SchemaOf<TCPSocketAction> = object<TCPSocketAction>(
  "TCPSocketAction",
  "Opens a TCP connection.",
  { port: intOrString("Number or name of the port."), host: text("Default: the pod IP.") },
  ["port"],
);

/** Schema of Probe. */
export const ProbeSchema: SchemaOf<Probe> = object<Probe>("Probe", "A check of the container.", {
  exec: ExecActionSchema,
  httpGet: HTTPGetActionSchema,
  tcpSocket: TCPSocketActionSchema,
  grpc: object<GRPCAction>(
    "GRPCAction",
    "Calls the gRPC health service.",
    { port: int32("Number of the port."), service: text("Name of the service.") },
    ["port"],
  ),
  initialDelaySeconds: int32("Seconds before the first probe."),
  timeoutSeconds: int32("Seconds a probe may take; default 1."),
  periodSeconds: int32("Seconds between probes; default 10."),
  successThreshold: int32("Successes in a row that count as success; default 1."),
  failureThreshold: int32("Failures in a row that count as failure; default 3."),
  terminationGracePeriodSeconds: int64("Grace when the probe ends the container."),
});

const LifecycleHandlerSchema: SchemaOf<LifecycleHandler> = object<LifecycleHandler>(
  "LifecycleHandler",
  "What a hook does.",
  {
    exec: ExecActionSchema,
    httpGet: HTTPGetActionSchema,
    tcpSocket: TCPSocketActionSchema,
    sleep: object<SleepAction>("SleepAction", "Waits.", { seconds: int64("How long.") }, [
      "seconds",
    ]),
  },
);

/** Schema of Lifecycle. */
export const LifecycleSchema: SchemaOf<Lifecycle> = object<Lifecycle>(
  "Lifecycle",
  "Hooks of the container.",
  {
    postStart: LifecycleHandlerSchema,
    preStop: LifecycleHandlerSchema,
    stopSignal: text("Signal that ends the container."),
  },
);
