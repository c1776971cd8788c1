import { collectDefaultMetrics, Registry } from "prom-client";

/** A process's metrics with the standard process_* and nodejs_* ones. */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
