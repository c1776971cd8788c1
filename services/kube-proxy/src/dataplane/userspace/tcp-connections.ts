/** The open connections of a forwarder. */
export interface TcpConnections {
  /** Takes one in; false when there is no room for it. */
  add(connection: Resettable): boolean;
  delete(connection: Resettable): void;
  /** Resets every connection. */
  resetAll(): void;
}

/** A connection that can be ended at once. */
export interface Resettable {
  reset(): void;
}

/**
 * Creates an empty set for at most `limit` connections. `count` is where their number is kept;
 * in shared memory it holds those of all threads, and so the limit is one for all of them.
 */
export function createTcpConnections(
  limit: number,
  count: Int32Array = new Int32Array(1),
): TcpConnections {
  const open = new Set<Resettable>();
  return {
    add(connection) {
      const others = Atomics.add(count, 0, 1);
      if (others < limit) open.add(connection);
      else Atomics.sub(count, 0, 1);
      return others < limit;
    },
    delete(connection) {
      if (open.delete(connection)) Atomics.sub(count, 0, 1);
    },
    resetAll() {
      for (const connection of open) connection.reset();
    },
  };
}
