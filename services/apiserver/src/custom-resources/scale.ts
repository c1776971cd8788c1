import type { CustomResourceSubresourceScale, KubeObject } from "@kubehop/api";
import { parseJsonPath, withValueAt } from "./json-path.ts";

/** The numbers of /scale in an object of a custom kind. */
export interface ScaleNumbers {
  readonly wanted: number;
  readonly actual: number;
  /** The selector's text; empty when the kind names no place for it. */
  readonly selector: string;
}

/** Reads them from the paths the kind's definition names; what is absent counts as 0. */
export function readScale(object: KubeObject, paths: CustomResourceSubresourceScale): ScaleNumbers {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = paths;
  const selector = valueAt(object, labelSelectorPath);
  return {
    wanted: numberAt(object, specReplicasPath),
    actual: numberAt(object, statusReplicasPath),
    selector: typeof selector === "string" ? selector : "",
  };
}

/** The object with another wanted number. */
export function writeScale(
  object: KubeObject,
  { specReplicasPath = "" }: CustomResourceSubresourceScale,
  wanted: number,
): KubeObject {
  const fields = parseJsonPath(specReplicasPath)?.fields;
  return fields === undefined ? object : (withValueAt(object, fields, wanted) as KubeObject);
}

function numberAt(object: KubeObject, path: string | undefined): number {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : 0;
}

function valueAt(object: KubeObject, path = ""): unknown {
  return parseJsonPath(path)?.find(object)[0];
}
