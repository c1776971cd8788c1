import { API_PORT } from "../credentials.ts";
import type { ProcessSpec } from "../supervisor/process-spec.ts";
import { CONTROL_PLANE_IP } from "../topology.ts";
import { busEnv, HANDED_IN_FD, type LabPlan, processEnv, serviceCommand } from "./component.ts";

/** The sandbox's descriptor of the host's listening socket. */
const HOST_LISTENER_FD = 3;

/** nats-server: the store and the bus. */
export function natsServer(plan: LabPlan): ProcessSpec {
  return {
    name: "nats-server",
    endsLast: true,
    command: [plan.environment.natsServer, "--config", plan.files.natsConfig],
    env: { PATH: processEnv(plan)["PATH"] ?? "" },
  };
}

/** The API server, on the fabric and on the host's listening socket. */
export function apiServer(plan: LabPlan): ProcessSpec {
  const { files, topology } = plan;
  return {
    name: "apiserver",
    listenFd: HOST_LISTENER_FD,
    env: busEnv(plan, "apiserver"),
    command: serviceCommand(plan, "apiserver", {
      "bind-address": CONTROL_PLANE_IP,
      "advertise-address": CONTROL_PLANE_IP,
      "secure-port": API_PORT,
      "listen-fd": HANDED_IN_FD,
      "service-cluster-ip-range": topology.networks.map(({ serviceCidr }) => serviceCidr),
      "service-node-port-range": plan.nodePorts,
      "tls-cert-file": files.pkiFile("apiserver.crt"),
      "tls-private-key-file": files.pkiFile("apiserver.key"),
      "client-ca-file": files.pkiFile("ca.crt"),
      "service-account-key-file": files.pkiFile("sa.pub"),
      "service-account-signing-key-file": files.pkiFile("sa.key"),
      "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
      "kubelet-client-certificate": files.pkiFile("apiserver-kubelet-client.crt"),
      "kubelet-client-key": files.pkiFile("apiserver-kubelet-client.key"),
      "kubelet-certificate-authority": files.pkiFile("ca.crt"),
    }),
  };
}

/** The controllers and the scheduler. */
export function controllerManager(plan: LabPlan): ProcessSpec {
  const { files, topology } = plan;
  return {
    name: "controller-manager",
    env: { ...busEnv(plan, "component"), KUBEHOP_LOAD_BALANCER_ROUTES: "true" },
    command: serviceCommand(plan, "controller-manager", {
      kubeconfig: files.componentKubeconfig("controller-manager"),
      "bind-address": CONTROL_PLANE_IP,
      "root-ca-file": files.pkiFile("ca.crt"),
      "cluster-cidr": topology.networks.map(({ clusterCidr }) => clusterCidr),
      "load-balancer-pool": topology.loadBalancerPools,
    }),
  };
}
