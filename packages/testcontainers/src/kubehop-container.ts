import { statSync } from "node:fs";
import { basename, posix } from "node:path";
import type { Readable } from "node:stream";
import { GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers";
import { API_PORT, GATEWAY_PORT, labCommand, type LabSettings } from "./lab-command.ts";
import { KubehopError } from "./kubehop-error.ts";
import { removeFailed, startFailure } from "./start-failure.ts";
import { StartedKubehopContainer } from "./started-kubehop-container.ts";

const MANIFESTS = "/manifests";
const READY = /^lab "lab" is ready/;
const DEFAULT_TIMEOUT_MS = 60_000;
/** The lab gives up first and says why; the container has so much longer. */
const GRACE_MS = 20_000;
const MOST_LOG_LINES = 200;

/**
 * A Kubernetes lab in one container: API server, controllers, cluster DNS, and a kubelet and a
 * kube-proxy per node, all real processes. It needs no privilege: seccomp=unconfined and
 * systempaths=unconfined, which this class sets, and no capability at all.
 */
export class KubehopContainer extends GenericContainer {
  #settings: Omit<LabSettings, "altNames" | "timeoutSeconds"> = { nodes: 2, files: [] };
  readonly #logLines: string[] = [];
  #containerId: string | undefined;
  #timeoutMs = DEFAULT_TIMEOUT_MS;

  /** `image` is one that `npm run image` of kubehop has made, e.g. kubehop:dev. */
  constructor(image: string) {
    super(image);
    this.withExposedPorts(API_PORT, GATEWAY_PORT)
      .withSecurityOpt("seccomp=unconfined")
      .withDroppedCapabilities("ALL")
      .withWaitStrategy(Wait.forLogMessage(READY))
      .withStartupTimeout(DEFAULT_TIMEOUT_MS);
    // What the docker command makes of --security-opt systempaths=unconfined.
    Object.assign(this.hostConfig, { MaskedPaths: [], ReadonlyPaths: [] });
  }

  /** How long it may take until every pod is ready, in ms; default 60 s. */
  override withStartupTimeout(timeoutMs: number): this {
    this.#timeoutMs = timeoutMs;
    return super.withStartupTimeout(timeoutMs + GRACE_MS);
  }

  /** How many nodes; default 2. */
  withNodes(count: number): this {
    if (!Number.isInteger(count) || count < 1 || count > 200) {
      throw new KubehopError(`${count} nodes are not possible.`, "Give a whole number, 1 to 200.");
    }
    return this.#with({ nodes: count });
  }

  /** The addresses of Services; default 10.96.0.0/16. A second, of IPv6, behind a comma: both families. */
  withServiceCidr(cidr: string): this {
    return this.#with({ serviceCidr: cidr });
  }

  /** The addresses of pods, a /24 of it a node; default 10.244.0.0/16. Both families likewise. */
  withPodCidr(cidr: string): this {
    return this.#with({ podCidr: cidr });
  }

  /** How much the processes log: trace, debug, info, warn or error; default info. */
  withLogLevel(level: string): this {
    return this.#with({ logLevel: level });
  }

  /**
   * Files or folders of manifests; the container is started when their workloads are ready.
   * Throws KubehopError when one cannot be read.
   */
  withManifests(...paths: string[]): this {
    for (const source of paths) {
      const target = this.#nextFile(basename(source));
      const found = statSync(source, { throwIfNoEntry: false });
      if (found === undefined) {
        throw new KubehopError(`There is no ${source}.`, "Name a file or folder of manifests.");
      }
      if (found.isDirectory()) this.withCopyDirectoriesToContainer([{ source, target }]);
      else this.withCopyFilesToContainer([{ source, target }]);
      this.#addFile(target);
    }
    return this;
  }

  /** Manifests as text; the container is started when their workloads are ready. */
  withYaml(...documents: string[]): this {
    for (const content of documents) {
      const target = this.#nextFile("inline.yaml");
      this.withCopyContentToContainer([{ content, target }]);
      this.#addFile(target);
    }
    return this;
  }

  /**
   * Starts the container and resolves when every pod is ready. Throws KubehopError with what the
   * lab said when it could not be started; nothing is then left of it.
   */
  override async start(): Promise<StartedKubehopContainer> {
    this.#keepLogs();
    try {
      const started = await super.start();
      try {
        return await StartedKubehopContainer.connect(started);
      } catch (error) {
        await started.stop();
        throw error;
      }
    } catch (error) {
      const state = await removeFailed(this.#containerId, this.#logLines);
      throw await startFailure(this.imageName.string, error, state);
    }
  }

  protected override async beforeContainerCreated(): Promise<void> {
    const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
    this.withCommand(
      labCommand({
        ...this.#settings,
        timeoutSeconds: Math.max(1, Math.round(this.#timeoutMs / 1_000)),
        altNames: [host, ...this.networkAliases],
      }),
    );
  }

  protected override async containerCreated(containerId: string): Promise<void> {
    this.#containerId = containerId;
  }

  #with(settings: Partial<LabSettings>): this {
    this.#settings = { ...this.#settings, ...settings };
    return this;
  }

  /** Numbered, so that two files of one name both arrive; messages name it. */
  #nextFile(name: string): string {
    return posix.join(MANIFESTS, `${this.#settings.files.length + 1}-${name}`);
  }

  #addFile(target: string): void {
    this.#with({ files: [...this.#settings.files, target] });
  }

  /** The container is gone when its start has failed; what it said must not be. */
  #keepLogs(): void {
    const consumer = this.logConsumer;
    this.withLogConsumer((stream: Readable) => {
      stream.on("data", (chunk: Buffer | string) => {
        this.#logLines.push(...chunk.toString().trimEnd().split("\n"));
        this.#logLines.splice(0, this.#logLines.length - MOST_LOG_LINES);
      });
      consumer?.(stream);
    });
  }
}
