import { Packet } from "dns2";
import { describe, expect, test } from "vitest";
import { decodeAnswer, encodeQuery } from "./dns-query.ts";

const QUERY = { id: 4711, name: "my-api.default.svc.cluster.local", type: "A" as const };

function response(change: (packet: Packet) => void): Buffer {
  const packet = Packet.createResponseFromRequest(
    Packet.parse(encodeQuery(QUERY.id, QUERY.name, QUERY.type)),
  );
  packet.answers.push({
    name: QUERY.name,
    type: Packet.TYPE.A,
    class: Packet.CLASS.IN,
    ttl: 30,
    address: "10.96.0.50",
  } as Packet["answers"][number]);
  change(packet);
  return packet.toBuffer();
}

describe("a query", () => {
  test("has one question and asks for recursion", () => {
    const packet = Packet.parse(encodeQuery(QUERY.id, QUERY.name, "AAAA"));
    expect(packet.header).toMatchObject({ id: QUERY.id, rd: 1, qr: 0, qdcount: 1 });
    expect(packet.questions[0]).toMatchObject({ name: QUERY.name, type: Packet.TYPE.AAAA });
  });

  test("cannot be made of a label longer than 63", () => {
    expect(() => encodeQuery(1, "a".repeat(64), "A")).toThrow(/63/);
  });
});

describe("an answer", () => {
  test("gives addresses, rcode and the smallest TTL", () => {
    expect(
      decodeAnswer(
        response(() => {}),
        QUERY,
      ),
    ).toEqual({
      rcode: "NOERROR",
      answers: ["10.96.0.50"],
      truncated: false,
      ttl: 30,
    });
  });

  test.each([
    ["SRV", { priority: 0, weight: 50, port: 80, target: "a.b" }, "0 50 80 a.b"],
    ["MX", { priority: 10, exchange: "mail.b" }, "10 mail.b"],
    ["CNAME", { domain: "c.d" }, "c.d"],
    ["NS", { ns: "ns.d" }, "ns.d"],
    ["TXT", { data: "1.1.0" }, "1.1.0"],
    [
      "SOA",
      { primary: "ns.d", admin: "h.d", serial: 1, refresh: 2, retry: 3, expiration: 4, minimum: 5 },
      "ns.d h.d 1 2 3 4 5",
    ],
  ] as const)("has the data of %s records as dig writes it", (type, fields, text) => {
    const query = { ...QUERY, type };
    const packet = Packet.createResponseFromRequest(
      Packet.parse(encodeQuery(query.id, query.name, type)),
    );
    const head = { name: query.name, type: Packet.TYPE[type], class: Packet.CLASS.IN, ttl: 5 };
    packet.answers.push({ ...head, ...fields } as Packet["answers"][number]);
    expect(decodeAnswer(packet.toBuffer(), query)?.answers).toEqual([text]);
  });

  test("may be a failure, and may be cut", () => {
    const nxdomain = response((packet) => {
      packet.answers = [];
      packet.header.rcode = 3;
      packet.header.tc = 1;
    });
    expect(decodeAnswer(nxdomain, QUERY)).toEqual({
      rcode: "NXDOMAIN",
      answers: [],
      truncated: true,
    });
  });

  test("may write the name in other letter case", () => {
    const shouting = response((packet) => {
      packet.questions[0]!.name = QUERY.name.toUpperCase();
    });
    expect(decodeAnswer(shouting, QUERY)?.rcode).toBe("NOERROR");
  });

  test.each<[string, Buffer]>([
    ["another id", response((packet) => void (packet.header.id = 1))],
    ["a query", response((packet) => void (packet.header.qr = 0))],
    ["another name", response((packet) => void (packet.questions[0]!.name = "evil.example"))],
    ["another type", response((packet) => void (packet.questions[0]!.type = 28))],
    ["no question", response((packet) => void (packet.questions = []))],
    ["half a header", Buffer.from("abc")],
    ["nothing", Buffer.alloc(0)],
  ])("is not %s", (_, message) => {
    expect(decodeAnswer(message, QUERY)).toBeUndefined();
  });
});
