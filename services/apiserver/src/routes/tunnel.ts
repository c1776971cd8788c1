import { randomUUID } from "node:crypto";
import { type ClientRequest, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Upgrade } from "./watch-socket.ts";

/** The other end of a tunnel, once it has agreed to speak the client's protocol. */
interface BackendEnd {
  readonly answer: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/**
 * Sends a request that asks for another protocol, and joins the client with whoever agrees: from
 * then on every byte passes in both directions. An answer that does not agree goes to the client as
 * it is. Rejects when nobody answers.
 */
export async function tunnel(
  { socket: client, head: early }: Upgrade,
  backend: ClientRequest,
): Promise<void> {
  client.once("close", () => backend.destroy());
  await new Promise<void>((resolve, reject) => {
    backend.once("error", reject);
    backend.once("response", (answer) => resolve(passAnswer(client, answer)));
    backend.once("upgrade", (answer, socket, head) => {
      join({ client, early }, { answer, socket, head });
      resolve();
    });
    backend.end();
  });
}

/** Answers a client over the connection it wanted to upgrade, and ends it. */
export function answerAndEnd(
  client: Duplex,
  code: number,
  { contentType, body }: { readonly contentType: string; readonly body: string },
): void {
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? "Error"}`,
    "Connection: close",
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Audit-Id: ${randomUUID()}`,
  ];
  client.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function join(
  { client, early }: { readonly client: Duplex; readonly early: Buffer },
  { answer, socket, head }: BackendEnd,
): void {
  client.write(`${headOf(answer, "Switching Protocols")}\r\n\r\n`);
  client.write(head);
  socket.write(early);
  socket.on("error", () => client.destroy());
  socket.once("close", () => client.destroy());
  client.once("close", () => socket.destroy());
  client.pipe(socket).pipe(client);
}

/** The answer ends with its connection, so its length need not be told. */
function passAnswer(client: Duplex, answer: IncomingMessage): void {
  client.write(`${headOf(answer, "Refused", /^(?:connection|transfer-encoding)$/i)}\r\n`);
  client.write("Connection: close\r\n\r\n");
  answer.pipe(client);
}

function headOf(
  { statusCode, rawHeaders }: IncomingMessage,
  reason: string,
  dropped?: RegExp,
): string {
  const lines = [`HTTP/1.1 ${statusCode ?? 502} ${reason}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (dropped?.test(name) !== true) lines.push(`${name}: ${value}`);
  }
  return lines.join("\r\n");
}
