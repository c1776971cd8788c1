import {
  type Static,
  type TInteger,
  type TObject,
  type TOptional,
  type TString,
  Type,
} from "typebox";

/** The flags of the API server: kube-apiserver's names where it has them. */
export const configSchema: TObject<{
  bindAddress: TString;
  securePort: TInteger;
  advertiseAddress: TString;
  listenFd: TOptional<TInteger>;
  serviceClusterIpRange: TString;
  serviceNodePortRange: TString;
  eventTtl: TString;
  maxRequestsInflight: TInteger;
  maxMutatingRequestsInflight: TInteger;
  shutdownDelayDuration: TString;
  tlsCertFile: TString;
  tlsPrivateKeyFile: TString;
  clientCaFile: TString;
  serviceAccountKeyFile: TString;
  serviceAccountSigningKeyFile: TString;
  serviceAccountIssuer: TString;
  kubeletClientCertificate: TString;
  kubeletClientKey: TString;
  kubeletCertificateAuthority: TString;
  busUrl: TString;
  busUser: TString;
  busPassword: TString;
}> = Type.Object({
  bindAddress: Type.String({
    default: "0.0.0.0",
    description: "Address to listen on.",
  }),
  securePort: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 6443,
    description: "Port to listen on with TLS; 0 takes a free one.",
  }),
  advertiseAddress: Type.String({
    description: "Address at which the cluster reaches this server.",
  }),
  listenFd: Type.Optional(
    Type.Integer({
      minimum: 3,
      description: "File descriptor of a listening socket, inherited, to serve on as well.",
    }),
  ),
  serviceClusterIpRange: Type.String({
    default: "10.96.0.0/16",
    description: "CIDR, or an IPv4 and an IPv6 one separated by a comma, of cluster IPs.",
  }),
  serviceNodePortRange: Type.String({
    default: "30000-32767",
    description: "Ports for Services of type NodePort.",
  }),
  eventTtl: Type.String({
    default: "1h0m0s",
    description: "How long an Event is kept after its last update; 0 keeps all for ever.",
  }),
  maxRequestsInflight: Type.Integer({
    minimum: 0,
    default: 400,
    description: "Most reading requests answered at a time, watches excluded; 0 is no limit.",
  }),
  maxMutatingRequestsInflight: Type.Integer({
    minimum: 0,
    default: 200,
    description: "Most writing requests answered at a time; 0 is no limit.",
  }),
  shutdownDelayDuration: Type.String({
    default: "0s",
    description: "How long to serve on after SIGTERM while readyz fails already; 20s at most.",
  }),
  tlsCertFile: Type.String({ description: "PEM file with this server's certificate." }),
  tlsPrivateKeyFile: Type.String({ description: "PEM file with its private key." }),
  clientCaFile: Type.String({
    description: "PEM file with the CA of client certificates.",
  }),
  serviceAccountKeyFile: Type.String({
    description: "PEM file with the public key that ServiceAccount tokens are verified with.",
  }),
  serviceAccountSigningKeyFile: Type.String({
    description: "PEM file with the private key that ServiceAccount tokens are signed with.",
  }),
  serviceAccountIssuer: Type.String({
    default: "https://kubernetes.default.svc.cluster.local",
    description: "Issuer of ServiceAccount tokens; also their default audience.",
  }),
  kubeletClientCertificate: Type.String({
    description: "PEM file with the certificate shown to kubelets.",
  }),
  kubeletClientKey: Type.String({ description: "PEM file with its private key." }),
  kubeletCertificateAuthority: Type.String({
    description: "PEM file with the CA of the kubelets' certificates.",
  }),
  busUrl: Type.String({
    default: "nats://127.0.0.1:4222",
    description: "URL of the nats-server that holds the registry.",
  }),
  busUser: Type.String({ default: "apiserver", description: "User at the nats-server." }),
  busPassword: Type.String({ default: "", description: "That user's password." }),
});

/** What the flags say. */
export type Config = Static<typeof configSchema>;
