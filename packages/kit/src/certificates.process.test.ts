import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { createClusterPki } from "./certificates.ts";

describe("createClusterPki", () => {
  it("issues certificates with which client and server trust each other over TLS", async () => {
    const pki = await createClusterPki();
    const serving = await pki.issue({
      commonName: "kube-apiserver",
      altNames: ["localhost", "127.0.0.1", "::1"],
      usages: ["server"],
    });
    const client = await pki.issue({
      commonName: "admin",
      organizations: ["system:masters", "ops"],
      usages: ["client"],
    });
    const server = createServer({ ...serving, ca: pki.ca, requestCert: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const accepted = once(server, "secureConnection") as Promise<[TLSSocket]>;
    const socket = connect({ host: "127.0.0.1", port, ca: pki.ca, ...client });
    await once(socket, "secureConnect");
    const [peer] = await accepted;

    expect(socket.authorized).toBe(true);
    expect(peer.authorized).toBe(true);
    expect(peer.getPeerCertificate().subject).toMatchObject({
      CN: "admin",
      O: ["system:masters", "ops"],
    });
    socket.destroy();
    server.close();
  });

  it("refuses a serving certificate of another authority", async () => {
    const [pki, other] = await Promise.all([createClusterPki(), createClusterPki()]);
    const serving = await other.issue({
      commonName: "x",
      altNames: ["127.0.0.1"],
      usages: ["server"],
    });
    const server = createServer(serving).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: "127.0.0.1", port, ca: pki.ca });
    const [error] = (await once(socket, "error").catch((thrown: unknown) => [thrown])) as [Error];
    expect(error.message).toMatch(/certificate/);
    server.close();
  });
});
