import { type Kind, Kinds, registryPrefix, TRACE_LEASE_SUBJECT } from "@kubehop/api";
import {
  inboxPrefix,
  REGISTRY_EVENT_SUBJECT,
  REGISTRY_STREAM,
  REGISTRY_SUBJECT,
} from "./subjects.ts";

/** The users of the bus: who writes the registry, who reads all of it, who reads what DNS needs. */
export type BusUserName = "apiserver" | "component" | "dns";

/** One password a user; the lab makes them at random. */
export type BusPasswords = Readonly<Record<BusUserName, string>>;

/** A user as nats-server's configuration writes it. */
export interface BusUser {
  readonly user: BusUserName;
  readonly password: string;
  readonly permissions: {
    readonly publish: { readonly allow: readonly string[] };
    readonly subscribe: { readonly allow: readonly string[] };
  };
}

/** What a nats-server needs to be kubehop's bus. */
export interface NatsServerOptions {
  /** The address it listens on. */
  readonly host: string;
  /** 0 is not possible here: nats-server would not tell which one it took. */
  readonly port: number;
  /** Where JetStream keeps the registry. */
  readonly storeDirectory: string;
  readonly passwords: BusPasswords;
}

/** The largest message the server takes: a value of 2 MiB and its headers. */
const MAX_PAYLOAD_BYTES = 3 * 1024 * 1024;

/** What a DNS server must see, and no more: a pod's credentials may leak. */
const DNS_KINDS: readonly Kind[] = [
  Kinds.Service,
  Kinds.EndpointSlice,
  Kinds.Namespace,
  Kinds.Pod,
] as readonly Kind[];

/**
 * The users of the bus and what each may do. Only `apiserver` can write the registry; the others
 * may create read-only consumers for their part of it, listen to its events and send hop events.
 */
export function busUsers(passwords: BusPasswords): readonly BusUser[] {
  return [
    user("apiserver", passwords.apiserver, { publish: [">"], subscribe: [">"] }),
    user("component", passwords.component, {
      publish: [...readRequests([">"]), "hop.>", TRACE_LEASE_SUBJECT],
      subscribe: [...readEvents([">"]), "hop.>", TRACE_LEASE_SUBJECT],
    }),
    user("dns", passwords.dns, {
      publish: [...readRequests(DNS_KINDS.map((kind) => registryPrefix(kind))), "hop.dns.>"],
      subscribe: [
        ...readEvents(DNS_KINDS.map((kind) => registryPrefix(kind))),
        TRACE_LEASE_SUBJECT,
      ],
    }),
  ];
}

/** The configuration file of a nats-server that carries the bus (its format reads JSON). */
export function natsServerConfig(options: NatsServerOptions): string {
  const config = {
    host: options.host,
    port: options.port,
    max_payload: MAX_PAYLOAD_BYTES,
    jetstream: { store_dir: options.storeDirectory },
    authorization: { users: busUsers(options.passwords) },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

interface Subjects {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

function user(name: BusUserName, password: string, subjects: Subjects): BusUser {
  return {
    user: name,
    password,
    permissions: {
      publish: { allow: subjects.publish },
      subscribe: { allow: [...subjects.subscribe, `${inboxPrefix(name)}.>`] },
    },
  };
}

/** Creating a consumer with exactly such a filter, and answering its flow control. */
function readRequests(filters: readonly string[]): string[] {
  return [
    ...filters.map(
      (filter) => `$JS.API.CONSUMER.CREATE.${REGISTRY_STREAM}.*.${REGISTRY_SUBJECT}.${filter}`,
    ),
    `$JS.FC.${REGISTRY_STREAM}.>`,
  ];
}

function readEvents(filters: readonly string[]): string[] {
  return filters.map((filter) => `${REGISTRY_EVENT_SUBJECT}.${filter}`);
}
