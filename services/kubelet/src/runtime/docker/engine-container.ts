/** A container of the engine, as far as it matters here. Times are unix ms. */
export interface EngineContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As it was asked for, and the digest of what was found. */
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: number;
  readonly running: boolean;
  readonly paused: boolean;
  /** An event told that it ended; how, the next look tells. */
  readonly ending?: boolean;
  readonly oomKilled: boolean;
  readonly exitCode: number;
  /** Why it could not be started. */
  readonly error: string;
  /** Absent as long as it was never started, or has not ended. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Addresses by the name of the network; "" while it does not run. */
  readonly networks: Readonly<Record<string, readonly string[]>>;
  /** Its output is not split into two streams. */
  readonly tty: boolean;
  /** It has a standard input to write to. */
  readonly stdin?: boolean;
  readonly mounts: readonly EngineMount[];
}

/** A mount of a container: where it is in it and on the engine's machine. */
export interface EngineMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** What /containers/ID/json gives (API 1.41 … 1.52), as far as it is read. */
export interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly State: {
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly Config: {
    readonly Image: string;
    readonly Tty: boolean;
    readonly OpenStdin?: boolean;
    readonly Labels: Readonly<Record<string, string>> | null;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress?: string; readonly GlobalIPv6Address?: string }>
    > | null;
  };
  readonly Mounts: readonly {
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
}

/** Reads what an inspection gives. */
export function toEngineContainer(found: InspectedContainer): EngineContainer {
  const { State: state, Config: config } = found;
  // The engine says that a container it is about to start again runs.
  const running = state.Running && !state.Restarting;
  const startedAt = timeOf(state.StartedAt);
  const finishedAt = timeOf(state.FinishedAt);
  const networks = Object.entries(found.NetworkSettings.Networks ?? {}).map(([name, endpoint]) => {
    const ips = [endpoint.IPAddress, endpoint.GlobalIPv6Address];
    return [name, ips.filter((ip) => ip !== undefined && ip !== "")];
  });
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ""),
    labels: config.Labels ?? {},
    image: config.Image,
    imageId: found.Image,
    createdAt: timeOf(found.Created) ?? 0,
    running,
    paused: state.Paused,
    oomKilled: state.OOMKilled,
    exitCode: state.ExitCode,
    error: state.Error,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined || running ? {} : { finishedAt }),
    networks: Object.fromEntries(networks) as EngineContainer["networks"],
    tty: config.Tty,
    ...(config.OpenStdin === true && { stdin: true }),
    mounts: found.Mounts.map(({ Source: source, Destination: target, RW }) => {
      return { source, target, readOnly: !RW };
    }),
  };
}

/** The engine writes the year 1 for "never". */
function timeOf(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}
