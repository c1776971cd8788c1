import {
  type Static,
  type TBoolean,
  type TInteger,
  type TObject,
  type TOptional,
  type TString,
  Type,
} from "typebox";

/** Where the Corefile is when no flag says otherwise. */
export const DEFAULT_COREFILE = "/etc/coredns/Corefile";

/** The flags of the DNS server; names are CoreDNS' where it has them. */
export const DnsConfigSchema: TObject<{
  conf: TString;
  "dns.port": TInteger;
  plugins: TBoolean;
  busUrl: TOptional<TString>;
  busUser: TString;
  busPassword: TString;
  logLevel: TString;
}> = Type.Object({
  conf: Type.String({
    default: DEFAULT_COREFILE,
    description: "Corefile to load; when the default does not exist, whoami and log serve.",
  }),
  "dns.port": Type.Integer({
    default: 53,
    minimum: 0,
    maximum: 65_535,
    description: "Port of server blocks that name none.",
  }),
  plugins: Type.Boolean({
    default: false,
    description: "List the plugins in their order and end.",
  }),
  busUrl: Type.Optional(
    Type.String({
      description:
        "Bus to follow the registry on; in a pod nats://$NATS_SERVICE_HOST:$NATS_SERVICE_PORT.",
    }),
  ),
  busUser: Type.String({ default: "dns", description: "User on the bus." }),
  busPassword: Type.String({ default: "", description: "Password of that user." }),
  logLevel: Type.String({
    default: "info",
    description: "trace, debug, info, warn, error or fatal.",
  }),
});

/** The configuration of one DNS server. */
export type DnsConfig = Static<typeof DnsConfigSchema>;

/** The bus's URL: the flag, else the Service that a pod finds in its environment. */
export function busUrlOf(
  config: Pick<DnsConfig, "busUrl">,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (config.busUrl !== undefined) return config.busUrl;
  const host = env["NATS_SERVICE_HOST"];
  if (host === undefined) return undefined;
  const port = env["NATS_SERVICE_PORT"] ?? "4222";
  return `nats://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
