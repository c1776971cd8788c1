import type { ResourceRecord } from "@kubehop/dns-wire";
import type { Clock, Logger, Random } from "@kubehop/kit";
import type { Link } from "./chain.ts";
import type { ViewOptions } from "./cluster/cluster-access.ts";
import type { ClusterView } from "./cluster/cluster-view.ts";
import type { Directive } from "./corefile/directive.ts";
import type { DnsMetrics } from "./metrics.ts";
import type { Endpoint, MetadataReader, Query } from "./query.ts";
import type { TcpTimeouts } from "./server/tcp.ts";
import type { TlsSettings } from "./server/tls.ts";
import type { Zones } from "./zones.ts";

/** A directive of a server block: its name and how it is built from what is written. */
export interface Plugin {
  readonly name: string;
  /**
   * Reads the directives of this name of one server block (at least one). It only reads: nothing
   * is opened before `start`. Throws CorefileError for what it does not understand.
   */
  setup(directives: readonly Directive[], context: SetupContext): PluginInstance;
}

/** A plugin in one server block. Everything is optional: a plugin has what it needs. */
export interface PluginInstance {
  /** Its place in the chain of handlers. */
  readonly link?: Link;
  /**
   * Whether replies that pass `link` may be used again as their `reuse` says: what the link does
   * depends on nothing but the question, flags and EDNS of a query. Absent: they may not.
   */
  readonly allowsReuse?: true;
  /** Addresses to listen on instead of all (the `bind` plugin). */
  readonly hosts?: readonly string[];
  /** Whether it answers classes other than IN. */
  readonly anyClass?: boolean;
  /** Whether the block takes the query (the `view` plugin). */
  readonly filter?: (query: Query) => boolean;
  /** What it tells about a query when the block has `metadata`. */
  readonly metadata?: MetadataReader;
  /** Turns what the other plugins tell into the block's metadata (the `metadata` plugin). */
  readonly collect?: (readers: readonly MetadataReader[]) => MetadataReader;
  /** How the listeners of the block's addresses are to be (`bufsize`, `timeouts`, `tls`, …). */
  readonly listener?: Partial<ListenerSettings>;
  /** HTTP paths it answers. */
  readonly endpoints?: readonly HttpEndpoint[];
  /**
   * All records of a zone it serves, from SOA to SOA, or only the SOA when `serial` is up to date;
   * undefined for a zone that is not its own.
   */
  transfer?(zone: string, serial: number | undefined): readonly ResourceRecord[] | undefined;
  /** Tells secondaries that a zone changed (the `transfer` plugin). */
  notify?(zone: string): void;
  /**
   * The search path of the pod that asks, its namespace first and an empty entry last; undefined
   * when the client is no pod (the `kubernetes` plugin, for `autopath`).
   */
  searchPath?(query: Query): readonly string[] | undefined;
  /** Called before the listeners take queries for this block; a rejection keeps it from serving. */
  start?(): Promise<void>;
  /** Called when the block's listeners take queries; `addresses` are the bound ones. */
  listening?(addresses: readonly Endpoint[]): void;
  /** Whether it can answer now; absent means always. */
  ready?(): boolean;
  /** Called at the process's end, not at a reload; the server answers until it resolves. */
  lameduck?(): Promise<void>;
  stop?(): Promise<void>;
}

/** What a block says about its listeners; those of one address must agree. */
export interface ListenerSettings {
  /** The most octets of an answer over UDP. */
  readonly bufferSize: number;
  readonly timeouts: Partial<TcpTimeouts>;
  readonly tls: TlsSettings;
  /** Sockets for each address, all but the first in threads of their own. */
  readonly sockets: number;
}

/** An HTTP path on an address. */
export interface HttpEndpoint {
  /** `ip:port` or `:port`. */
  readonly listen: string;
  readonly path: string;
  /** Whether it is closed as soon as the process begins to stop. */
  readonly closedInLameduck?: boolean;
  answer(): Promise<HttpAnswer> | HttpAnswer;
}

/** What an HTTP path answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/** What a plugin is built with. */
export interface SetupContext extends ProcessContext {
  /** The zones of the server block. */
  readonly zones: Zones;
  /** The name of the block's view; empty without one. */
  readonly view: string;
  /** The plugins of the block by name; complete once all are set up. */
  siblings(): ReadonlyMap<string, PluginInstance>;
  /**
   * Names of the plugins of this configuration that are not ready, and `sockets` before it listens;
   * `again` asks all of them.
   */
  notReady(options: { again: boolean }): readonly string[];
}

/** Whether some block has `debug`. */
export interface Debugging {
  enter(): void;
  leave(): void;
  active(): boolean;
}

/** What a DNS process has once. */
export interface ProcessContext {
  readonly logger: Logger;
  readonly metrics: DnsMetrics;
  readonly clock: Clock;
  readonly random: Random;
  /** Folder that relative paths in the Corefile start from. */
  readonly folder: string;
  /** What the cluster holds; opened at the first call. Throws when no bus is configured. */
  cluster(options: ViewOptions): ClusterView;
  /** Addresses of this machine that are not loopback. */
  localAddresses(): readonly string[];
  /** Reads the Corefile again and takes it over if it changed. */
  checkCorefile(): Promise<void>;
  readonly debugging: Debugging;
  /** Whether the workers of `multisocket` answer from the Corefile in force. */
  workersServe(): boolean;
  /** The metrics of the process and its workers, in Prometheus' text format. */
  exposition(): Promise<string>;
  /** Tells users of the cluster, as an Event of this pod; outside of a pod nobody. */
  warnUsers(reason: string, message: string): void;
  /** Ends the process with code 1: going on would do harm. The reason was logged. */
  abort(): void;
}
