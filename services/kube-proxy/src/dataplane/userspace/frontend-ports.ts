import type { Frontend, TableDiff } from "@kubehop/routing";
import type { UnboundPort } from "../dataplane.ts";
import type { FrontendPort } from "./frontend-port.ts";
import { createTcpPort } from "./tcp-port.ts";
import type { TcpContext } from "./tcp-record.ts";
import { createUdpPort, type UdpContext } from "./udp-port.ts";

/** The ports that serve a table's frontends. */
export interface FrontendPorts {
  /** Closes, fits and opens what the difference names; resolves when new flows follow it. */
  apply(diff: TableDiff): Promise<void>;
  unbound(): readonly UnboundPort[];
  closeAll(): Promise<void>;
}

/** Creates an empty set of ports. */
export function createFrontendPorts(context: TcpContext & UdpContext): FrontendPorts {
  const ports = new Map<string, FrontendPort>();
  const frontends = new Map<string, Frontend>();

  async function close({ key, ip }: Frontend): Promise<void> {
    const port = ports.get(key);
    ports.delete(key);
    frontends.delete(key);
    await port?.close();
    await context.localAddresses.release(ip);
  }

  async function update(frontend: Frontend): Promise<void> {
    const create = frontend.protocol === "TCP" ? createTcpPort : createUdpPort;
    const known = ports.get(frontend.key);
    const port = known ?? create(frontend, context);
    ports.set(frontend.key, port);
    frontends.set(frontend.key, frontend);
    if (known === undefined) await context.localAddresses.take(frontend.ip);
    await port.update(frontend);
  }

  return {
    async apply({ added, removed, changed }) {
      await Promise.all(removed.map(close));
      const present = [...changed.map(({ current }) => current), ...added];
      await Promise.all(present.map(update));
    },
    unbound: () =>
      [...ports].flatMap(([frontend, port]): UnboundPort[] => {
        const reason = port.problem();
        return reason === undefined ? [] : [{ frontend, reason }];
      }),
    async closeAll() {
      await Promise.all([...frontends.values()].map(close));
    },
  };
}
