import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, bytes, int32, int64, list, object, text, time, type SchemaOf } from "../schema.ts";
import { JSONSchemaPropsSchema, type JSONSchemaProps } from "./json-schema-props.ts";

/** How the objects of a CustomResourceDefinition are called. */
export interface CustomResourceDefinitionNames {
  plural?: string;
  singular?: string;
  shortNames?: string[];
  kind?: string;
  listKind?: string;
  categories?: string[];
}

/** A column that `kubectl get` shows. */
export interface CustomResourceColumnDefinition {
  name?: string;
  type?: string;
  format?: string;
  description?: string;
  priority?: number;
  jsonPath?: string;
}

/** Where /scale finds the numbers. */
export interface CustomResourceSubresourceScale {
  specReplicasPath?: string;
  statusReplicasPath?: string;
  labelSelectorPath?: string;
}

/** The subresources of a version. */
export interface CustomResourceSubresources {
  status?: object;
  scale?: CustomResourceSubresourceScale;
}

/** One version of a custom kind. */
export interface CustomResourceDefinitionVersion {
  name?: string;
  served?: boolean;
  storage?: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: JSONSchemaProps };
  subresources?: CustomResourceSubresources;
  additionalPrinterColumns?: CustomResourceColumnDefinition[];
  selectableFields?: { jsonPath?: string }[];
}

/** How objects get from one version to another. */
export interface CustomResourceConversion {
  strategy?: string;
  webhook?: {
    clientConfig?: {
      url?: string;
      service?: { namespace?: string; name?: string; path?: string; port?: number };
      caBundle?: string;
    };
    conversionReviewVersions?: string[];
  };
}

/** One thing that is true or not of a CustomResourceDefinition. */
export interface CustomResourceDefinitionCondition {
  type: string;
  status: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

/** A kind that the cluster's users define. */
export type CustomResourceDefinition = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: {
    group?: string;
    names?: CustomResourceDefinitionNames;
    scope?: string;
    versions?: CustomResourceDefinitionVersion[];
    conversion?: CustomResourceConversion;
    preserveUnknownFields?: boolean;
  };
  status?: {
    conditions?: CustomResourceDefinitionCondition[];
    acceptedNames?: CustomResourceDefinitionNames;
    storedVersions?: string[];
    observedGeneration?: number;
  };
};

const names = object<CustomResourceDefinitionNames>(
  "CustomResourceDefinitionNames",
  "How the objects are called.",
  {
    plural: text("Name in paths, such as crontabs."),
    singular: text("Name of one object; the kind in lower case when absent."),
    shortNames: list(text(""), "Short forms, such as ct.", { listType: "atomic" }),
    kind: text("Kind of the objects, such as CronTab."),
    listKind: text("Kind of their lists; the kind followed by List when absent."),
    categories: list(text(""), "Groups of kinds they are in, such as all.", { listType: "atomic" }),
  },
  ["kind", "plural"],
);

const column = object<CustomResourceColumnDefinition>(
  "CustomResourceColumnDefinition",
  "A column that `kubectl get` shows.",
  {
    name: text("Its title."),
    type: text("boolean, date, integer, number or string."),
    format: text("Format of the type."),
    description: text("What it means."),
    priority: int32("0 is always shown, others with `-o wide`."),
    jsonPath: text("Where the value is, such as .spec.replicas."),
  },
  ["name", "type", "jsonPath"],
);

const subresources = object<CustomResourceSubresources>(
  "CustomResourceSubresources",
  "The subresources of a version.",
  {
    status: object<object>("CustomResourceSubresourceStatus", "It has /status.", {}),
    scale: object<CustomResourceSubresourceScale>(
      "CustomResourceSubresourceScale",
      "It has /scale.",
      {
        specReplicasPath: text("Where the wanted number is, below .spec."),
        statusReplicasPath: text("Where the actual number is, below .status."),
        labelSelectorPath: text("Where the selector's text is, below .status or .spec."),
      },
      ["specReplicasPath", "statusReplicasPath"],
    ),
  },
);

const version = object<CustomResourceDefinitionVersion>(
  "CustomResourceDefinitionVersion",
  "One version of the kind.",
  {
    name: text("Such as v1 or v1beta1."),
    served: bool("It can be had through the API."),
    storage: bool("Objects are stored in this version; true for exactly one."),
    deprecated: bool("Its use is answered with a warning."),
    deprecationWarning: text("That warning."),
    schema: object<{ openAPIV3Schema?: JSONSchemaProps }>(
      "CustomResourceValidation",
      "The schema of the objects.",
      { openAPIV3Schema: JSONSchemaPropsSchema },
    ),
    subresources,
    additionalPrinterColumns: list(column, "Columns of tables.", { listType: "atomic" }),
    selectableFields: list(
      object<{ jsonPath?: string }>(
        "SelectableField",
        "A field that can be selected by.",
        { jsonPath: text("Where it is, such as .spec.color.") },
        ["jsonPath"],
      ),
      "Fields for field selectors.",
      { listType: "atomic" },
    ),
  },
  ["name", "served", "storage"],
);

type Webhook = NonNullable<CustomResourceConversion["webhook"]>;
type ClientConfig = NonNullable<Webhook["clientConfig"]>;

const conversion = object<CustomResourceConversion>(
  "CustomResourceConversion",
  "How objects get from one version to another.",
  {
    strategy: text("None: only apiVersion changes. Webhook is not supported."),
    webhook: object<Webhook>("WebhookConversion", "Who converts.", {
      clientConfig: object<ClientConfig>("WebhookClientConfig", "Where it is.", {
        url: text("Its address."),
        service: object<NonNullable<ClientConfig["service"]>>("ServiceReference", "Its Service.", {
          namespace: text("Namespace of the Service."),
          name: text("Name of the Service."),
          path: text("Path of its URL."),
          port: int32("Port of the Service."),
        }),
        caBundle: bytes("PEM of the CA that has signed its certificate."),
      }),
      conversionReviewVersions: list(text(""), "Versions of ConversionReview it understands.", {
        listType: "atomic",
      }),
    }),
  },
  ["strategy"],
);

const condition = object<CustomResourceDefinitionCondition>(
  "CustomResourceDefinitionCondition",
  "One thing that is true or not of the definition.",
  {
    type: text("Established, NamesAccepted, NonStructuralSchema or Terminating."),
    status: text("True, False or Unknown."),
    lastTransitionTime: time("When status changed last."),
    reason: text("Why, in one word."),
    message: text("Why, in a sentence."),
    observedGeneration: int64("Generation it was seen at."),
  },
  ["type", "status"],
);

/** Schema of CustomResourceDefinition. */
export const CustomResourceDefinitionSchema: SchemaOf<CustomResourceDefinition> =
  object<CustomResourceDefinition>(
    "CustomResourceDefinition",
    "A kind of objects that the API server shall serve; its name is <plural>.<group>.",
    {
      ...typeAndMeta,
      spec: object<CustomResourceDefinition["spec"]>(
        "CustomResourceDefinitionSpec",
        "What the kind shall be.",
        {
          group: text("API group, such as stable.example.com."),
          names,
          scope: text("Cluster or Namespaced."),
          versions: list(version, "Its versions.", { listType: "atomic" }),
          conversion,
          preserveUnknownFields: bool("Must be false."),
        },
        ["group", "names", "scope", "versions"],
      ),
      status: object<NonNullable<CustomResourceDefinition["status"]>>(
        "CustomResourceDefinitionStatus",
        "What the API server made of it.",
        {
          conditions: list(condition, "What is true of it.", {
            listType: "map",
            mapKeys: ["type"],
          }),
          acceptedNames: names,
          storedVersions: list(text(""), "Versions in which objects were ever stored.", {
            listType: "atomic",
          }),
          observedGeneration: int64("Generation last seen by the API server."),
        },
      ),
    },
    ["spec"],
  );
