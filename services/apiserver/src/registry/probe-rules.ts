import {
  forbiddenField,
  invalidValue,
  isValidPortName,
  isValidPortNum,
  required,
  type Container,
  type LifecycleHandler,
  type Probe,
  type StatusCause,
} from "@kubehop/api";
import { nonNegative, oneOf, positive, requiredText } from "./common-rules.ts";

const TIMES = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

/** Rules of a container's three probes. */
export function probeCauses(field: string, container: Container): StatusCause[] {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...oneProbeCauses(`${field}.livenessProbe`, livenessProbe),
    ...mustBeOne(`${field}.livenessProbe.successThreshold`, livenessProbe?.successThreshold),
    ...oneProbeCauses(`${field}.readinessProbe`, readinessProbe),
    ...readinessGraceCauses(field, readinessProbe),
    ...oneProbeCauses(`${field}.startupProbe`, startupProbe),
    ...mustBeOne(`${field}.startupProbe.successThreshold`, startupProbe?.successThreshold),
  ];
}

/** Rules of a container's hooks. */
export function lifecycleCauses(field: string, { lifecycle }: Container): StatusCause[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart === undefined ? [] : handlerCauses(`${field}.lifecycle.postStart`, postStart)),
    ...(preStop === undefined ? [] : handlerCauses(`${field}.lifecycle.preStop`, preStop)),
  ];
}

function oneProbeCauses(field: string, probe: Probe | undefined): StatusCause[] {
  if (probe === undefined) return [];
  return [
    ...handlerCauses(field, probe),
    ...TIMES.flatMap((name) => nonNegative(`${field}.${name}`, probe[name])),
    ...positive(`${field}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds),
  ];
}

function mustBeOne(field: string, value: number | undefined): StatusCause[] {
  return value === undefined || value === 1 ? [] : [invalidValue(field, value, "must be 1")];
}

function readinessGraceCauses(field: string, probe: Probe | undefined): StatusCause[] {
  const seconds = probe?.terminationGracePeriodSeconds;
  if (seconds === undefined) return [];
  const at = `${field}.readinessProbe.terminationGracePeriodSeconds`;
  return [invalidValue(at, seconds, "must not be set for readinessProbes")];
}

type Handler = Probe & LifecycleHandler;

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function handlerCauses(field: string, handler: Handler): StatusCause[] {
  const [first, ...others] = HANDLERS.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(field, "must specify a handler type")];
  return [
    ...actionCauses(field, handler),
    ...others.map((name) =>
      forbiddenField(`${field}.${name}`, "may not specify more than 1 handler type"),
    ),
  ];
}

function actionCauses(field: string, { exec, httpGet, tcpSocket, grpc }: Handler): StatusCause[] {
  const causes: StatusCause[] = [];
  if (exec !== undefined && (exec.command ?? []).length === 0) {
    causes.push(required(`${field}.exec.command`));
  }
  if (httpGet !== undefined) {
    causes.push(
      ...requiredText(`${field}.httpGet.path`, httpGet.path),
      ...portCauses(`${field}.httpGet.port`, httpGet.port),
      ...oneOf(`${field}.httpGet.scheme`, httpGet.scheme, ["HTTP", "HTTPS"]),
    );
  }
  if (tcpSocket !== undefined)
    causes.push(...portCauses(`${field}.tcpSocket.port`, tcpSocket.port));
  if (grpc !== undefined) causes.push(...portCauses(`${field}.grpc.port`, grpc.port));
  return causes;
}

/** A port number, or the name of a container port. */
function portCauses(field: string, port: number | string | undefined): StatusCause[] {
  const check = typeof port === "string" ? isValidPortName(port) : isValidPortNum(port);
  return check.map((why) => invalidValue(field, port ?? 0, why));
}
