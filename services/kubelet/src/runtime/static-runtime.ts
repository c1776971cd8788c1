import { ContainerStartError, type Runtime } from "./runtime.ts";

const WHY =
  "this node runs no pods of its own (--container-runtime static); " +
  "give the pod a nodeSelector for another node";

/** A runtime for a node whose pods somebody else runs: it has none and starts none. */
export function createStaticRuntime(): Runtime {
  const refuse = (): never => {
    throw new Error(WHY);
  };
  return {
    name: "static",
    version: () => "1.0.0",
    problem: () => undefined,
    list: () => [],
    runSandbox: async () => refuse(),
    stopSandbox: async () => undefined,
    removeSandbox: async () => undefined,
    startContainer: async () => {
      throw new ContainerStartError("RunContainerError", WHY);
    },
    signalContainer: () => undefined,
    removeContainer: async () => undefined,
    exec: refuse,
    input: refuse,
    ensureImage: async () => false,
    log: () => undefined,
    onChange: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
