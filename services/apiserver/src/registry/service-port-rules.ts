import {
  duplicate,
  forbiddenField,
  invalidValue,
  isDNS1123Label,
  isQualifiedName,
  isValidPortName,
  isValidPortNum,
  required,
  type Service,
  type ServicePort,
  type StatusCause,
} from "@kubehop/api";
import { checkedText, requiredOneOf, requiredText } from "./common-rules.ts";
import { PROTOCOLS } from "./endpoint-slice.ts";
import { isExternalName, isHeadless } from "./service-traits.ts";

/** Rules of a Service's ports, one by one and among each other. */
export function portsCauses(service: Service): StatusCause[] {
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) {
    return isHeadless(service) || isExternalName(service) ? [] : [required("spec.ports")];
  }
  return [
    ...ports.flatMap((port, index) => portCauses(`spec.ports[${index}]`, port, ports.length > 1)),
    ...nodePortCauses(service, ports),
    ...duplicateCauses(ports),
  ];
}

function portCauses(field: string, port: ServicePort, needsName: boolean): StatusCause[] {
  const { name, protocol, appProtocol, targetPort } = port;
  return [
    ...(needsName
      ? requiredText(`${field}.name`, name, isDNS1123Label)
      : checkedText(`${field}.name`, name, isDNS1123Label)),
    ...isValidPortNum(port.port).map((why) => invalidValue(`${field}.port`, port.port ?? 0, why)),
    ...requiredOneOf(`${field}.protocol`, protocol, PROTOCOLS),
    ...targetPortCauses(`${field}.targetPort`, targetPort),
    ...checkedText(`${field}.appProtocol`, appProtocol, isQualifiedName),
  ];
}

function targetPortCauses(field: string, target: number | string | undefined): StatusCause[] {
  if (target === undefined) return [];
  const check = typeof target === "string" ? isValidPortName(target) : isValidPortNum(target);
  return check.map((why) => invalidValue(field, target, why));
}

function nodePortCauses({ spec }: Service, ports: readonly ServicePort[]): StatusCause[] {
  if (spec.type === "NodePort" || spec.type === "LoadBalancer") return [];
  return ports.flatMap(({ nodePort }, index) => {
    if (nodePort === undefined) return [];
    const why = `may not be used when \`type\` is '${spec.type ?? ""}'`;
    return [forbiddenField(`spec.ports[${index}].nodePort`, why)];
  });
}

function duplicateCauses(ports: readonly ServicePort[]): StatusCause[] {
  const seen = new Set<string>();
  const isRepeated = (identity: string): boolean => {
    const repeated = seen.has(identity);
    seen.add(identity);
    return repeated;
  };
  return ports.flatMap((port, index) => {
    const { name = "", protocol = "TCP", nodePort } = port;
    const field = `spec.ports[${index}]`;
    const causes: StatusCause[] = [];
    if (name !== "" && isRepeated(`name ${name}`)) causes.push(duplicate(`${field}.name`, name));
    if (nodePort !== undefined && isRepeated(`nodePort ${protocol} ${nodePort}`)) {
      causes.push(duplicate(`${field}.nodePort`, nodePort));
    }
    if (isRepeated(`port ${protocol} ${port.port}`)) {
      causes.push(duplicate(field, { port: port.port, protocol }));
    }
    return causes;
  });
}
