import { ConfigError } from "@kubehop/kit";
import { type Static, type TArray, type TInteger, type TObject, type TString, Type } from "typebox";

/** Flags of a relay. */
export const schema: TObject<{
  uplink: TString;
  target: TString;
  tcp: TArray<TString>;
  udp: TArray<TString>;
  readyPort: TInteger;
}> = Type.Object({
  uplink: Type.String({ description: "Folder of the uplink's socket.", minLength: 1 }),
  target: Type.String({
    description: "What is relayed to: an address or name as the machine around the lab knows it.",
    minLength: 1,
  }),
  tcp: Type.Array(Type.String(), {
    description: "TCP ports, each PORT of the pod or PORT:PORT of the pod and of the target.",
    default: [],
  }),
  udp: Type.Array(Type.String(), { description: "UDP ports, the same way.", default: [] }),
  readyPort: Type.Integer({
    description: "Port of GET /readyz: 200 while every TCP port of the target accepts, else 503.",
    minimum: 0,
    maximum: 65_535,
  }),
});

/** A relay's configuration. */
export type Config = Static<typeof schema>;

/** A port of the pod and the one it leads to. */
export interface PortPair {
  readonly port: number;
  readonly targetPort: number;
}

/** Reads PORT or PORT:TARGETPORT. Throws ConfigError naming what is wrong. */
export function parsePortPair(text: string): PortPair {
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[1]);
  const targetPort = Number(match?.[2] ?? match?.[1]);
  const isPort = (number: number): boolean => number >= 1 && number <= 65_535;
  if (isPort(port) && isPort(targetPort)) return { port, targetPort };
  throw new ConfigError(`"${text}" is no port; write 8080, or 8080:80 for another of the target`);
}
