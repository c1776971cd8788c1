import { type Static, type TInteger, type TObject, type TString, Type } from "typebox";

/** Flags of the gateway. */
export const schema: TObject<{
  listenFd: TInteger;
  tlsCertFile: TString;
  tlsPrivateKeyFile: TString;
  clientCaFile: TString;
}> = Type.Object({
  listenFd: Type.Integer({
    description: "Descriptor of the listening socket it is handed.",
    minimum: 3,
    maximum: 1024,
  }),
  tlsCertFile: Type.String({ description: "Its serving certificate.", minLength: 1 }),
  tlsPrivateKeyFile: Type.String({ description: "The key of that certificate.", minLength: 1 }),
  clientCaFile: Type.String({
    description: "CA that must have signed the certificates of its clients.",
    minLength: 1,
  }),
});

/** The gateway's configuration. */
export type Config = Static<typeof schema>;
