import { createHash } from "node:crypto";
import { chmod, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostPathVolumeSource, Pod, Volume } from "@kubehop/api";
import { writePayload } from "./atomic-writer.ts";
import { type Payload, type PayloadContext, tokenProjections, volumePayload } from "./payload.ts";
import type { TokenCache } from "./tokens.ts";

/** The volumes of this node's pods. */
export interface PodVolumes {
  /**
   * Makes the pod's volumes and brings their files up to date. Rejects with VolumeError. Call it
   * again whenever something they are made from may have changed.
   */
  setUp(context: Omit<PayloadContext, "token">): Promise<MountedVolumes>;
  /** Removes the pod's volumes. */
  tearDown(podUid: string): Promise<void>;
}

/** Volumes that are ready. */
export interface MountedVolumes {
  /** Directory of each volume on the node, by name. */
  readonly directories: Readonly<Record<string, string>>;
  /** unix ms at which setUp must be called again to renew a token; Infinity for never. */
  readonly renewAt: number;
}

/** A volume that cannot be made; the pod waits. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

/** Creates the keeper of volumes under `directory` (pods/UID/volumes/… below it). */
export function createPodVolumes(directory: string, tokens: TokenCache): PodVolumes {
  /** What was written last, by directory: unchanged files are not written again. */
  const written = new Map<string, string>();
  let serial = 0;
  const write = async (target: string, payload: Payload): Promise<void> => {
    const digest = digestOf(payload);
    if (written.get(target) === digest) return;
    serial += 1;
    await writePayload(target, payload, `${Date.now()}.${serial}`);
    written.set(target, digest);
  };
  const setUpVolume = async (volume: Volume, context: PayloadContext): Promise<string> => {
    if (volume.hostPath !== undefined) return hostPath(volume.hostPath);
    const target = volumeDirectory(directory, context.pod, volume);
    const payload = volumePayload(volume, context);
    if (payload !== undefined) await write(target, payload);
    else if (volume.emptyDir !== undefined) {
      await mkdir(target, { recursive: true });
      await chmod(target, 0o777);
    } else {
      const [source = "no source"] = Object.keys(volume).filter((key) => key !== "name");
      throw new Error(
        `${source} volumes are not supported by this kubelet; it has emptyDir, configMap, secret, ` +
          "projected, downwardAPI and hostPath",
      );
    }
    return target;
  };
  return {
    async setUp(base) {
      const { pod } = base;
      const volumes = pod.spec.volumes ?? [];
      const directories: Record<string, string> = {};
      let renewAt = Number.POSITIVE_INFINITY;
      for (const volume of volumes) {
        try {
          renewAt = Math.min(renewAt, await tokens.refresh(pod, tokenProjections(volume)));
          const token: PayloadContext["token"] = (projection) => tokens.token(pod, projection);
          directories[volume.name] = await setUpVolume(volume, { ...base, token });
        } catch (error) {
          const why = (error as Error).message;
          throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${why}`, {
            cause: error,
          });
        }
      }
      return { directories, renewAt };
    },
    async tearDown(podUid) {
      const own = join(directory, podUid, "volumes");
      for (const target of written.keys()) if (target.startsWith(own)) written.delete(target);
      tokens.forget(podUid);
      await rm(own, { recursive: true, force: true });
    },
  };
}

function volumeDirectory(directory: string, pod: Pod, volume: Volume): string {
  const plugin = volume.emptyDir === undefined ? "kubernetes.io~files" : "kubernetes.io~empty-dir";
  return join(directory, pod.metadata.uid ?? "", "volumes", plugin, volume.name);
}

async function hostPath({ path, type = "" }: HostPathVolumeSource): Promise<string> {
  if (type === "DirectoryOrCreate") await mkdir(path, { recursive: true });
  if (type === "FileOrCreate") {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "", { flag: "a" });
  }
  const found = await stat(path).catch(() => undefined);
  const fits =
    found !== undefined &&
    (!type.startsWith("Directory") || found.isDirectory()) &&
    (!type.startsWith("File") || found.isFile()) &&
    (type !== "Socket" || found.isSocket());
  if (!fits) {
    throw new Error(`hostPath type check failed: ${path} is not a ${type.toLowerCase() || "path"}`);
  }
  return path;
}

function digestOf(payload: Payload): string {
  const hash = createHash("sha256");
  for (const [path, { data, mode }] of [...payload].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0${mode}\0${data.length}\0`).update(data);
  }
  return hash.digest("hex");
}
