import "reflect-metadata";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { isIP } from "node:net";
import { webcrypto } from "node:crypto";

cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateRequest {
  /** User name for client certificates. */
  readonly commonName: string;
  /** Groups for client certificates. */
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses for serving certificates. */
  readonly altNames?: readonly string[];
  readonly usages: readonly ("client" | "server")[];
}

/** A cluster's certificate authority. */
export interface ClusterPki {
  /** The CA's certificate, PEM. */
  readonly ca: string;
  /** Issues a certificate of a year with a new P-256 key. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** Creates a certificate authority that exists in memory only, valid for ten years. */
export async function createClusterPki(commonName = "kubernetes"): Promise<ClusterPki> {
  return openClusterPki(await createAuthority(commonName));
}

/** The certificate and key of a new authority, valid for ten years, to be kept. */
export async function createAuthority(commonName = "kubernetes"): Promise<KeyPair> {
  const keys = await generateKeys();
  const now = Date.now();
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 3650 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
        true,
      ),
    ],
  });
  return { cert: ca.toString("pem"), key: await privatePem(keys) };
}

/** The authority of a certificate and key that were kept. Throws when they are none. */
export async function openClusterPki({ cert, key }: KeyPair): Promise<ClusterPki> {
  const ca = new X509Certificate(cert);
  const bytes = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const caKey = await webcrypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, ["sign"]);
  return { ca: cert, issue: (request) => issueCertificate(request, ca, caKey) };
}

/** A key pair for signing ServiceAccount tokens (ES256), both PEM. */
export async function createSigningKeys(): Promise<{ privateKey: string; publicKey: string }> {
  const keys = await generateKeys();
  const publicKey = Buffer.from(await webcrypto.subtle.exportKey("spki", keys.publicKey));
  return { privateKey: await privatePem(keys), publicKey: pem("PUBLIC KEY", publicKey) };
}

async function issueCertificate(
  request: CertificateRequest,
  ca: X509Certificate,
  caKey: webcrypto.CryptoKey,
): Promise<KeyPair> {
  const keys = await generateKeys();
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject: [
      { CN: [request.commonName] },
      ...(request.organizations ?? []).map((name) => ({ O: [name] })),
    ],
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 365 * DAY_MS),
    extensions: extensionsOf(request),
  });
  return { cert: certificate.toString("pem"), key: await privatePem(keys) };
}

function extensionsOf(request: CertificateRequest): Extension[] {
  const usages = request.usages.map((usage) =>
    usage === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
  );
  const names = (request.altNames ?? []).map((value) => ({
    type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
    value,
  }));
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
  ];
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return pem("PRIVATE KEY", Buffer.from(bytes));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").replace(/(.{64})(?=.)/g, "$1\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
