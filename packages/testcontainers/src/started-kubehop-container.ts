import { Kinds } from "@kubehop/api";
import {
  AbstractStartedContainer,
  type RestartOptions,
  type StartedTestContainer,
} from "testcontainers";
import { type AppliedObject, type ApplyOptions, applyYaml } from "./apply.ts";
import { type Cluster, connectCluster } from "./cluster.ts";
import { type ReadyEndpoint, waitForEndpoints } from "./endpoints.ts";
import { type Resolution, resolveName, type ResolveOptions } from "./lookup.ts";
import {
  type ClusterEvent,
  podLogs,
  type PodLogOptions,
  processLogs,
  readEvents,
} from "./observe.ts";
import { type SignalOptions, signalPods } from "./pod-signals.ts";
import { nameOf, type PodOptions, targetPods } from "./pods.ts";
import { type AddedPod, type AddPodOptions, addRelayPod } from "./relay-pod.ts";
import {
  createServiceForwards,
  type ForwardedPort,
  type ServiceForwards,
} from "./service-forwards.ts";
import { type RequestOptions, sendRequest, type TracedResponse } from "./traced-request.ts";

/** A lab that runs; `await using` stops it. Nothing of one is shared with another. */
export class StartedKubehopContainer extends AbstractStartedContainer {
  #cluster: Cluster;
  #forwards: ServiceForwards;

  private constructor(container: StartedTestContainer, cluster: Cluster) {
    super(container);
    this.#cluster = cluster;
    this.#forwards = createServiceForwards(cluster);
  }

  /** Of a container whose lab is ready; KubehopContainer.start() calls it. */
  static async connect(container: StartedTestContainer): Promise<StartedKubehopContainer> {
    return new StartedKubehopContainer(container, await connectCluster(container));
  }

  /** A kubeconfig for the test process and its tools, with an administrator's rights. */
  getKubeConfig(): string {
    return this.#cluster.kubeconfig;
  }

  /** Creates or changes the objects of a YAML text, and waits until its workloads are ready. */
  apply(yaml: string, options?: ApplyOptions): Promise<AppliedObject[]> {
    return applyYaml(this.#cluster, yaml, options);
  }

  /** Looks a name up from inside a pod: answers, rcode, and each step of the search list. */
  resolve(name: string, options?: ResolveOptions): Promise<Resolution> {
    return resolveName(this.#cluster, name, options);
  }

  /** Sends an HTTP request from inside a pod: the answer, and every hop it took. */
  request(url: string, options?: RequestOptions): Promise<TracedResponse> {
    return sendRequest(this.#cluster, url, options);
  }

  /**
   * The URL by which the test process itself reaches a Service ("name", "ns/name" or
   * "ns/name:port"), through the kube-proxy of a node. It is https for a port named https.
   */
  async serviceUrl(service: string): Promise<string> {
    const { host, port, name } = await this.#forwards.forward(service);
    return `${name === "https" ? "https" : "http"}://${host}:${port}`;
  }

  /** The same for what is no HTTP; UDP ports, too. */
  forwardService(service: string): Promise<ForwardedPort> {
    return this.#forwards.forward(service);
  }

  /** Makes a container of the test an endpoint of the lab's Services. */
  addPod(container: StartedTestContainer, options: AddPodOptions): Promise<AddedPod> {
    return addRelayPod(this.#cluster, container, options);
  }

  /**
   * Kills the programs of pods (SIGKILL) and resolves when the kubelet has noticed; it starts them
   * again. Like the others below it takes POD, deploy/NAME, sts/NAME, svc/NAME or a label selector,
   * gives the names of the pods and throws when there are none.
   */
  kill(target: string, options?: SignalOptions): Promise<string[]> {
    return signalPods(this.#cluster, target, { ...options, signal: "KILL" });
  }

  /** Stops the programs of pods (SIGSTOP): connections are accepted, nothing answers. */
  pause(target: string, options?: SignalOptions): Promise<string[]> {
    return signalPods(this.#cluster, target, { ...options, signal: "STOP" });
  }

  /** Lets paused pods go on (SIGCONT). */
  resume(target: string, options?: SignalOptions): Promise<string[]> {
    return signalPods(this.#cluster, target, { ...options, signal: "CONT" });
  }

  /** Ends the programs of pods in good order (SIGTERM); resolves when they have been started again. */
  restartPods(target: string, options?: SignalOptions): Promise<string[]> {
    return signalPods(this.#cluster, target, { ...options, signal: "TERM" });
  }

  /** Deletes pods; those of a Deployment or StatefulSet are replaced. */
  async deletePods(target: string, options?: PodOptions): Promise<string[]> {
    const pods = await targetPods(this.#cluster, target, options);
    const { rest } = this.#cluster;
    await Promise.all(pods.map(({ metadata }) => rest.delete(Kinds.Pod, metadata)));
    return pods.map(nameOf);
  }

  /** Waits until a Service has exactly so many ready endpoints and the proxies serve them. */
  waitForEndpoints(
    service: string,
    count: number,
    { timeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<ReadyEndpoint[]> {
    return waitForEndpoints(this.#cluster, service, count, timeoutMs);
  }

  /** What a pod has written. */
  podLogs(target: string, options?: PodLogOptions): Promise<string> {
    return podLogs(this.#cluster, target, options);
  }

  /** What a process of the lab has logged: "apiserver", "kubelet/node-1", "kube-proxy/node-1" … */
  processLogs(name: string): Promise<string> {
    return processLogs(this.#cluster, name);
  }

  /** What has happened in the cluster, oldest first. */
  events(options?: PodOptions): Promise<ClusterEvent[]> {
    return readEvents(this.#cluster, options);
  }

  /** Starts the container again: an empty lab, with a kubeconfig and addresses of its own. */
  override async restart(options?: Partial<RestartOptions>): Promise<void> {
    await this.containerStopping();
    await super.restart(options);
    this.#cluster = await connectCluster(this.startedTestContainer);
    this.#forwards = createServiceForwards(this.#cluster);
  }

  protected override async containerStopping(): Promise<void> {
    await this.#forwards[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }
}
