/** The open connections of a forwarder. */
export interface TcpConnections {
  /** Whether another one may be opened. */
  hasRoom(): boolean;
  add(connection: Resettable): void;
  delete(connection: Resettable): void;
  /** Resets every connection. */
  resetAll(): void;
}

/** A connection that can be ended at once. */
export interface Resettable {
  reset(): void;
}

/** Creates an empty set for at most `limit` connections. */
export function createTcpConnections(limit: number): TcpConnections {
  const open = new Set<Resettable>();
  return {
    hasRoom: () => open.size < limit,
    add: (connection) => void open.add(connection),
    delete: (connection) => void open.delete(connection),
    resetAll: () => {
      for (const connection of open) connection.reset();
    },
  };
}
