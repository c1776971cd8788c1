import type { NftCommand } from "@kubehop/rules";
import { describe, expect, it } from "vitest";
import { createNetlinkTable } from "./index.ts";
import type { NetfilterSocket } from "./socket.ts";

const COMMANDS: readonly NftCommand[] = [
  { do: "add-chain", chain: "a" },
  { do: "flush-chain", chain: "b" },
];

/** An answer of the kernel to the message of that number. */
function answer(sequence: number, error: number): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt32LE(sequence, 8);
  bytes.writeInt32LE(error, 16);
  return bytes;
}

/** A table whose kernel answers with these datagrams; `sent` is what it has been given. */
function tableWith(socket: Partial<NetfilterSocket>) {
  const sent: Buffer[] = [];
  const table = createNetlinkTable("IPv4", {
    send: async (datagram) => void sent.push(datagram),
    receive: () => [],
    [Symbol.asyncDispose]: async () => {},
    ...socket,
  });
  return { table, sent };
}

describe("createNetlinkTable", () => {
  it("sends a transaction, and is done when its last message is acknowledged", async () => {
    const { table, sent } = tableWith({ receive: () => [answer(2, 0)] });
    expect(await table.apply(COMMANDS)).toBeUndefined();
    expect(sent).toHaveLength(1);
    expect(await table.apply([])).toBeUndefined();
    expect(sent).toHaveLength(1);
  });

  it("numbers no message as one before", async () => {
    const answers = [answer(2, 0), answer(6, 0)];
    const { table } = tableWith({ receive: () => answers.splice(0, 1) });
    await table.apply(COMMANDS);
    expect(await table.apply(COMMANDS)).toBeUndefined();
  });

  it.each<[string, Buffer[], string]>([
    ["a command", [answer(2, -2), answer(2, 0)], "ENOENT .*; it was given: flush chain .* b$"],
    ["one and more", [Buffer.concat([answer(1, -17), answer(2, -2)])], "EEXIST .* add chain .* a$"],
    ["the whole", [answer(0, -16)], "EBUSY \\([^;]*\\)$"],
  ])("tells why the kernel refuses %s", async (_, datagrams, message) => {
    const { table } = tableWith({ receive: () => datagrams });
    await expect(table.apply(COMMANDS)).rejects.toMatchObject({
      name: "RulesError",
      message: expect.stringMatching(new RegExp(message)),
    });
  });

  it.each<[string, Buffer[]]>([
    ["says nothing", []],
    ["speaks of another message", [answer(1, 0)]],
    ["is cut off", [answer(2, 0).subarray(0, 19)]],
  ])("takes no change for made when the kernel %s", async (_, datagrams) => {
    const { table } = tableWith({ receive: () => datagrams });
    await expect(table.apply(COMMANDS)).rejects.toThrow("has not said whether");
  });

  it.each<[string, Partial<NetfilterSocket>]>([
    ["EMSGSIZE", { send: () => Promise.reject(new Error("EMSGSIZE: message too long, write")) }],
    [
      "ENOBUFS",
      {
        receive: () => {
          throw new Error("ENOBUFS: no buffer space available, read");
        },
      },
    ],
  ])("tells that the way to the kernel failed with %s", async (errno, socket) => {
    const { table } = tableWith(socket);
    await expect(table.apply(COMMANDS)).rejects.toMatchObject({
      name: "RulesError",
      message: expect.stringContaining(errno),
    });
  });

  it("leaves to nft what is too large for a socket, or beyond it", async () => {
    const { table, sent } = tableWith({});
    const many = Array.from({ length: 4_000 }, () => COMMANDS).flat();
    expect(await table.apply(many)).toMatch(/^a transaction of \d+ octets$/);
    expect(await table.apply([{ do: "line", text: "flush ruleset" }])).toBe('"flush ruleset"');
    expect(sent).toEqual([]);
  });
});
