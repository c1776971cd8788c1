import { randomBytes } from "node:crypto";
import { createEngine, type Engine } from "../runtime/docker/engine.ts";

/** An engine for one test file: a network and an image of its own, removed in the end. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly endpoint: string;
  /** A network whose gateway is this machine. */
  readonly network: string;
  /** e.g. "10.213.7.". */
  readonly subnet: string;
  /** An image with a shell and Node.js whose user is root. */
  readonly image: string;
  /** kubehop's own image. */
  readonly ownImage: string;
  /** Starts a container on the network as a user would, and gives its id. */
  run(container: TestContainer): Promise<string>;
  /** The containers on the network or of this run. */
  containers(): Promise<readonly FoundContainer[]>;
  post(path: string, query?: Record<string, string>): Promise<void>;
  /** Puts a container on the network, at an address, or takes it off. */
  connect(action: "connect" | "disconnect", id: string, ip?: string): Promise<void>;
}

/** A container as the engine lists it. */
export interface FoundContainer {
  readonly Id: string;
  readonly Names: readonly string[];
}

/** A container of a test. */
export interface TestContainer {
  readonly name: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly image?: string;
}

const ENDPOINT = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
const OWN_IMAGE = process.env["KUBEHOP_IMAGE"] ?? "kubehop:dev";
/** Everything a run makes carries it. */
const RUN_LABEL = "dev.kubehop.test-run";
const SUBNETS = 64;

/** Makes it. Rejects when no engine answers or it has no image of kubehop's. */
export async function startTestEngine(endpoint: string = ENDPOINT): Promise<TestEngine> {
  const run = `kubehop-kubelet-${randomBytes(4).toString("hex")}`;
  await using parts = new AsyncDisposableStack();
  const engine = parts.use(createEngine(endpoint));
  await engine.negotiate();
  const { subnet, id } = await createNetwork(engine, run);
  parts.defer(() => engine.call({ method: "DELETE", path: `/networks/${id}` }));
  const image = await createImage(engine, run);
  parts.defer(() =>
    engine.call<unknown>({ method: "DELETE", path: `/images/${image}` }).then(() => undefined),
  );
  const containers = (): Promise<readonly FoundContainer[]> => containersOf(engine, run);
  parts.defer(async () => {
    for (const { Id } of await containers()) await remove(engine, Id);
  });
  const all = parts.move();
  return {
    engine,
    endpoint,
    network: run,
    subnet,
    image,
    ownImage: OWN_IMAGE,
    containers,
    async run({ name, command, labels, image: own = image }) {
      const { Id } = await engine.call<{ Id: string }>({
        method: "POST",
        path: "/containers/create",
        query: { name: `${run}-${name}` },
        body: {
          Image: own,
          Entrypoint: command,
          Labels: { [RUN_LABEL]: run, ...labels },
          Healthcheck: { Test: ["NONE"] },
          HostConfig: { NetworkMode: run },
        },
      });
      await engine.call({ method: "POST", path: `/containers/${Id}/start` });
      return Id;
    },
    async post(path, query = {}) {
      await engine.call({ method: "POST", path, query });
    },
    async connect(action, Container, ip) {
      const EndpointConfig = ip === undefined ? {} : { IPAMConfig: { IPv4Address: ip } };
      const body = { Container, EndpointConfig };
      await engine.call({ method: "POST", path: `/networks/${run}/${action}`, body });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Removes a container of a test, if it is there. */
export async function remove(engine: Engine, id: string): Promise<void> {
  await engine
    .call({ method: "DELETE", path: `/containers/${id}`, query: { force: true, v: true } })
    .catch(() => undefined);
}

/** What the tests started, and what a kubelet made on their network. */
async function containersOf(engine: Engine, run: string): Promise<FoundContainer[]> {
  const labels = [`${RUN_LABEL}=${run}`, `kubehop.dev/node-network=${run}`];
  const lists = await Promise.all(
    labels.map((label) =>
      engine.call<FoundContainer[]>({
        method: "GET",
        path: "/containers/json",
        query: { all: true, filters: { label: [label] } },
      }),
    ),
  );
  return [...new Map(lists.flat().map((found) => [found.Id, found])).values()];
}

/** Neighbours use the same engine: the first subnet nobody has. */
async function createNetwork(
  engine: Engine,
  name: string,
): Promise<{ readonly subnet: string; readonly id: string }> {
  const first = randomBytes(1)[0] ?? 0;
  for (let tried = 0; ; tried += 1) {
    const subnet = `10.213.${(first + tried) % 256}.`;
    try {
      const { Id } = await engine.call<{ Id: string }>({
        method: "POST",
        path: "/networks/create",
        body: {
          Name: name,
          Driver: "bridge",
          Labels: { [RUN_LABEL]: name },
          IPAM: { Config: [{ Subnet: `${subnet}0/24`, Gateway: `${subnet}1` }] },
        },
      });
      return { subnet, id: Id };
    } catch (error) {
      if (tried >= SUBNETS) throw error;
    }
  }
}

/** kubehop's image as one of a user, who is root. */
async function createImage(engine: Engine, run: string): Promise<string> {
  const { Id } = await engine.call<{ Id: string }>({
    method: "POST",
    path: "/containers/create",
    body: { Image: OWN_IMAGE, Labels: { [RUN_LABEL]: run } },
  });
  await engine.call<unknown>({
    method: "POST",
    path: "/commit",
    query: { container: Id, repo: run, tag: "1", changes: "USER 0:0\nWORKDIR /" },
  });
  await remove(engine, Id);
  return `${run}:1`;
}
