import { ConfigError } from "@kubehop/kit";
import type { DataPlane, DataPlaneOptions } from "./dataplane.ts";
import { createUserspaceDataPlane } from "./userspace/index.ts";

type CreateDataPlane = (options: DataPlaneOptions) => DataPlane;

/** The data planes built in, by `--proxy-mode`. */
const MODES: Readonly<Record<string, CreateDataPlane>> = {
  userspace: createUserspaceDataPlane,
};

/** Gives what creates the data plane of a mode. Throws ConfigError when it is not built in. */
export function selectDataPlane(mode: string): CreateDataPlane {
  const create = MODES[mode];
  if (create === undefined) {
    throw new ConfigError(
      `--proxy-mode: "${mode}" is not built in; this kube-proxy has ${Object.keys(MODES).join(", ")}.`,
    );
  }
  return create;
}
