import {
  bool,
  freeForm,
  int32,
  int64,
  list,
  object,
  quantity,
  text,
  type FreeForm,
  type SchemaOf,
} from "../schema.ts";
import {
  ObjectFieldSelectorSchema,
  ResourceFieldSelectorSchema,
  type ObjectFieldSelector,
  type ResourceFieldSelector,
} from "./env.ts";

/** Files of a pod: a name and exactly one source. */
export interface Volume extends VolumeSource {
  name: string;
}

/** Where a volume's files come from; kubehop reads the first six, the rest is only stored. */
export interface VolumeSource {
  emptyDir?: EmptyDirVolumeSource;
  configMap?: ConfigMapVolumeSource;
  secret?: SecretVolumeSource;
  projected?: ProjectedVolumeSource;
  downwardAPI?: DownwardAPIVolumeSource;
  hostPath?: HostPathVolumeSource;
  persistentVolumeClaim?: FreeForm;
  ephemeral?: FreeForm;
  csi?: FreeForm;
  nfs?: FreeForm;
  iscsi?: FreeForm;
  image?: FreeForm;
  fc?: FreeForm;
  rbd?: FreeForm;
  cephfs?: FreeForm;
  glusterfs?: FreeForm;
  flexVolume?: FreeForm;
  cinder?: FreeForm;
  flocker?: FreeForm;
  gitRepo?: FreeForm;
  quobyte?: FreeForm;
  azureFile?: FreeForm;
  azureDisk?: FreeForm;
  vsphereVolume?: FreeForm;
  photonPersistentDisk?: FreeForm;
  portworxVolume?: FreeForm;
  scaleIO?: FreeForm;
  storageos?: FreeForm;
  awsElasticBlockStore?: FreeForm;
  gcePersistentDisk?: FreeForm;
}

/** An empty directory that lives as long as the pod. */
export interface EmptyDirVolumeSource {
  medium?: string;
  sizeLimit?: string;
}

/** One key that becomes one file. */
export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

/** A ConfigMap as files. */
export interface ConfigMapVolumeSource {
  name?: string;
  items?: KeyToPath[];
  defaultMode?: number;
  optional?: boolean;
}

/** A Secret as files. */
export interface SecretVolumeSource {
  secretName?: string;
  items?: KeyToPath[];
  defaultMode?: number;
  optional?: boolean;
}

/** A path of the node. */
export interface HostPathVolumeSource {
  path: string;
  type?: string;
}

/** Fields of the pod as files. */
export interface DownwardAPIVolumeSource {
  items?: DownwardAPIVolumeFile[];
  defaultMode?: number;
}

/** One field of the pod as a file. */
export interface DownwardAPIVolumeFile {
  path: string;
  fieldRef?: ObjectFieldSelector;
  resourceFieldRef?: ResourceFieldSelector;
  mode?: number;
}

/** Several sources in one directory. */
export interface ProjectedVolumeSource {
  sources?: VolumeProjection[];
  defaultMode?: number;
}

/** One source of a projected volume. */
export interface VolumeProjection {
  secret?: ProjectedObject;
  configMap?: ProjectedObject;
  downwardAPI?: DownwardAPIVolumeSource;
  serviceAccountToken?: ServiceAccountTokenProjection;
  clusterTrustBundle?: FreeForm;
  podCertificate?: FreeForm;
}

/** A Secret or ConfigMap in a projected volume. */
export interface ProjectedObject {
  name?: string;
  items?: KeyToPath[];
  optional?: boolean;
}

/** A ServiceAccount token that is renewed before it expires. */
export interface ServiceAccountTokenProjection {
  audience?: string;
  expirationSeconds?: number;
  path: string;
}

const items: SchemaOf<KeyToPath[]> = list(
  object<KeyToPath>(
    "KeyToPath",
    "One key as one file.",
    {
      key: text("The key."),
      path: text("Relative path of the file."),
      mode: int32("Mode of the file."),
    },
    ["key", "path"],
  ),
  "Which keys become which files; default all.",
  { listType: "atomic" },
);
const defaultMode: SchemaOf<number> = int32("Mode of files; default 0644.");
const optional: SchemaOf<boolean> = bool("The object or its keys may be missing.");

const DownwardAPISchema: SchemaOf<DownwardAPIVolumeSource> = object<DownwardAPIVolumeSource>(
  "DownwardAPIVolumeSource",
  "Fields of the pod as files.",
  {
    items: list(
      object<DownwardAPIVolumeFile>(
        "DownwardAPIVolumeFile",
        "One field as a file.",
        {
          path: text("Relative path of the file."),
          fieldRef: ObjectFieldSelectorSchema,
          resourceFieldRef: ResourceFieldSelectorSchema,
          mode: int32("Mode of the file."),
        },
        ["path"],
      ),
      "The files.",
      { listType: "atomic" },
    ),
    defaultMode,
  },
);

const projectedObject = (title: string): SchemaOf<ProjectedObject> =>
  object<ProjectedObject>(title, "Its keys as files.", {
    name: text("Name of the object."),
    items,
    optional,
  });

const VolumeProjectionSchema: SchemaOf<VolumeProjection> = object<VolumeProjection>(
  "VolumeProjection",
  "One source of a projected volume.",
  {
    secret: projectedObject("SecretProjection"),
    configMap: projectedObject("ConfigMapProjection"),
    downwardAPI: DownwardAPISchema,
    serviceAccountToken: object<ServiceAccountTokenProjection>(
      "ServiceAccountTokenProjection",
      "A token that is renewed before it expires.",
      {
        audience: text("Audience of the token."),
        expirationSeconds: int64("How long it is valid; default 3600."),
        path: text("Relative path of the file."),
      },
      ["path"],
    ),
    clusterTrustBundle: freeForm("Trust anchors."),
    podCertificate: freeForm("A certificate of the pod."),
  },
);

const stored: SchemaOf<FreeForm> = freeForm("Stored; kubehop does not mount it.");

/** Schema of Volume. */
export const VolumeSchema: SchemaOf<Volume> = object<Volume>(
  "Volume",
  "Files that containers can mount.",
  {
    name: text("Name, a DNS-1123 label."),
    emptyDir: object<EmptyDirVolumeSource>("EmptyDirVolumeSource", "An empty directory.", {
      medium: text("Empty or Memory."),
      sizeLimit: quantity("At most this much."),
    }),
    configMap: object<ConfigMapVolumeSource>("ConfigMapVolumeSource", "A ConfigMap as files.", {
      name: text("Name of the ConfigMap."),
      items,
      defaultMode,
      optional,
    }),
    secret: object<SecretVolumeSource>("SecretVolumeSource", "A Secret as files.", {
      secretName: text("Name of the Secret."),
      items,
      defaultMode,
      optional,
    }),
    projected: object<ProjectedVolumeSource>("ProjectedVolumeSource", "Several sources.", {
      sources: list(VolumeProjectionSchema, "The sources.", { listType: "atomic" }),
      defaultMode,
    }),
    downwardAPI: DownwardAPISchema,
    hostPath: object<HostPathVolumeSource>(
      "HostPathVolumeSource",
      "A path of the node.",
      { path: text("The path."), type: text("What it must be.") },
      ["path"],
    ),
    persistentVolumeClaim: stored,
    ephemeral: stored,
    csi: stored,
    nfs: stored,
    iscsi: stored,
    image: stored,
    fc: stored,
    rbd: stored,
    cephfs: stored,
    glusterfs: stored,
    flexVolume: stored,
    cinder: stored,
    flocker: stored,
    gitRepo: stored,
    quobyte: stored,
    azureFile: stored,
    azureDisk: stored,
    vsphereVolume: stored,
    photonPersistentDisk: stored,
    portworxVolume: stored,
    scaleIO: stored,
    storageos: stored,
    awsElasticBlockStore: stored,
    gcePersistentDisk: stored,
  },
  ["name"],
);
