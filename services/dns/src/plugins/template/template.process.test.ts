import fc from "fast-check";
import { rcodeName } from "@kubehop/dns-wire";
import { describe, expect, it } from "vitest";
import { askBoth, recordLines, startDns } from "../../testing/dns-fixture.ts";
import { TemplateError } from "./go-lexer.ts";
import { compileTemplate } from "./go-template.ts";

async function query(directives: string, name: string, type = "A") {
  const text = `.:0 {\n bind 127.0.0.1\n errors\n metadata\n ${directives}\n}`;
  await using dns = await startDns({ corefile: text });
  const reply = await askBoth(dns.port, name, type, { edns: {} });
  return {
    rcode: rcodeName(reply.rcode),
    answers: recordLines(reply.answers),
    authorities: recordLines(reply.authorities),
    additionals: recordLines(reply.additionals),
    options: reply.edns?.options ?? [],
  };
}

const IP = `template IN A example {
  match ^ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$
  answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
  fallthrough
}`;
const SOA = 'authority "invalid. 60 {{ .Class }} SOA ns.invalid. h.invalid. (1 60 60 60 60)"';

describe("template", () => {
  it("answers from the groups of a regular expression", async () => {
    expect((await query(IP, "IP-192-0-2-7.example.")).answers).toEqual([
      "ip-192-0-2-7.example. 60 A 192.0.2.7",
    ]);
  });

  it("answers with numbers made from hexadecimal", async () => {
    const text = `template IN A example {
      match ^ip0a(?P<b>[a-f0-9]{2})(?P<c>[a-f0-9]{2})(?P<d>[a-f0-9]{2})[.]example[.]$
      answer "{{ .Name }} 60 IN A 10.{{ parseInt .Group.b 16 8 }}.{{ parseInt .Group.c 16 8 }}.{{ parseInt .Group.d 16 8 }}"
    }`;
    expect((await query(text, "ip0a5f0c09.example.")).answers[0]).toContain(" A 10.95.12.9");
  });

  it("denies zones with an SOA and says why", async () => {
    const text = `template ANY ANY invalid {\n rcode NXDOMAIN\n ${SOA}\n ederror 21 "Blocked by policy"\n}`;
    const reply = await query(text, "a.invalid.", "MX");
    expect(reply.rcode).toBe("NXDOMAIN");
    expect(reply.authorities).toEqual(["invalid. 60 SOA ns.invalid. h.invalid. 1 60 60 60 60"]);
    expect(reply.options).toEqual([
      { code: 15, data: Buffer.concat([Buffer.from([0, 21]), Buffer.from("Blocked by policy")]) },
    ]);
  });

  it("fills every section, and follows a CNAME", async () => {
    const text = `template IN MX example {
      answer "{{ .Name }} 60 IN MX 10 mail.{{ .Name }}"
      additional "mail.{{ .Name }} 60 IN A 203.0.113.8"
      authority "example. 60 IN NS ns0.example."
    }
    template IN A alias.example {
      answer "{{ .Name }} 60 IN CNAME ip-1-2-3-4.example."
    }
    ${IP}`;
    const mx = await query(text, "a.example.", "MX");
    expect([mx.answers, mx.authorities, mx.additionals].map((s) => s.length)).toEqual([1, 1, 1]);
    expect((await query(text, "alias.example.")).answers).toHaveLength(2);
  });

  it("limits devices to networks by a condition on a variable", async () => {
    const text = `template IN A example.com {
      match ^(?P<ip>[0-9]{1,3}(-[0-9]{1,3}){3})[.](?P<id>[a-z2-7]{26})[.]example[.]com[.]$
      var ip replace(group('ip'), '-', '.')
      expr "any(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], incidr(ip, #))"
      answer "{{ .Name }} 60 IN A {{ .Var.ip }}"
      fallthrough
    }
    template ANY ANY { rcode NXDOMAIN }`;
    const id = "abcdefghijklmnopqrstuvwxyz";
    const ask = (ip: string) => query(text, `${ip}.${id}.example.com.`);
    expect((await ask("192-168-7-9")).answers).toEqual([
      `192-168-7-9.${id}.example.com. 60 A 192.168.7.9`,
    ]);
    expect((await ask("203-0-113-9")).rcode).toBe("NXDOMAIN");
    expect((await ask("10-0-0-999")).rcode).toBe("SERVFAIL");
  });

  it("takes variables from variables, and conditions from the query", async () => {
    const text = `template IN TXT {
      match ^(.)([0-9])
      var first group(1)
      var second first + group(2)
      expr second != 'x1' && len(second) == 2
      expr proto() in ['udp', 'tcp']
      answer "{{ .Name }} 60 IN TXT {{ .Var.second }}{{ index .Match 1 }}"
    }`;
    expect((await query(text, "a7.test.", "TXT")).answers).toEqual(["a7.test. 60 TXT a7a"]);
    expect((await query(text, "x1.test.", "TXT")).rcode).toBe("SERVFAIL");
  });

  it("answers questions of type ANY with its own type", async () => {
    const text = 'template IN A example {\n answer "{{ .Name }} 60 IN {{ .Type }} 192.0.2.1"\n}';
    expect((await query(text, "a.example.", "ANY")).answers).toEqual(["a.example. 60 A 192.0.2.1"]);
  });

  it("is SERVFAIL without a match and fallthrough, and goes on with it", async () => {
    const erratic = "erratic {\n drop 0\n}";
    expect((await query(`${IP}\n${erratic}`, "other.example.")).answers).toHaveLength(1);
    const closed = IP.replace("fallthrough", "");
    expect((await query(`${closed}\n${erratic}`, "other.example.")).rcode).toBe("SERVFAIL");
    expect((await query(`${closed}\n${erratic}`, "other.test.")).answers).toHaveLength(1);
    expect((await query(`${closed}\n${erratic}`, "a.example.", "AAAA")).answers).toHaveLength(1);
  });

  it("is SERVFAIL when what it gives is no record, and counts", async () => {
    const text = 'template IN A {\n answer "{{ .Name }} 60 IN A {{ .Name }}"\n}';
    await using dns = await startDns({ corefile: `.:0 {\n bind 127.0.0.1\n ${text}\n}` });
    expect(rcodeName((await askBoth(dns.port, "a.", "A")).rcode)).toBe("SERVFAIL");
    expect(await dns.metric("coredns_template_rr_failures_total")).toContain('section="answer"');
    expect(await dns.metric("coredns_template_matches_total")).toContain(" 2");
  });
});

describe("Go templates", () => {
  const DATA = {
    Name: "a.example.",
    Match: ["whole", "one"],
    Group: { a: "7", empty: "" },
    Meta: (label: unknown) => `<${String(label)}>`,
  };

  it.each([
    ["plain", "plain"],
    ["{{ .Name }}!", "a.example.!"],
    ["{{.Group.a}}{{ .Group.none }}", "7<no value>"],
    ["{{ index .Match 1 }}", "one"],
    ['{{ .Meta "view/name" }}', "<view/name>"],
    ["a {{- .Group.a -}} b", "a7b"],
    ["{{ if .Group.a }}yes{{ else }}no{{ end }}", "yes"],
    ['{{ if eq .Group.a "8" }}8{{ else if .Group.empty }}e{{ else }}no{{ end }}', "no"],
    ['{{ $x := index .Match 1 }}{{ $x }}{{ $x | printf "%5s|%s" "a" }}', "one    a|one"],
    ["{{ printf `%03d %x` (parseInt .Group.a 10 8) 255 }}", "007 ff"],
    ["{{ and .Name (not .Group.empty) }}", "true"],
    ["{{ len .Match }}{{ $.Name }}{{ true }}{{ print 1 2 }}", "2a.example.true12"],
  ])("%s", (text, expected) => {
    expect(compileTemplate(text)(DATA)).toBe(expected);
  });

  it.each([
    ["{{ .Name", "{{ is never closed"],
    ["{{ nonsense }}", 'function "nonsense" not defined'],
    ["{{ }}", "missing value for command"],
    ["{{ if .Name }}", "{{if}} has no {{end}}"],
    ["{{ end }}", "unexpected {{end}}"],
    ["{{ ( .Name }}", "missing value for command"],
    ["{{ % }}", 'unexpected "%"'],
    ["{{ .Name 1 }}", "takes no arguments"],
    ["{{ index .Match 9 }}", "index out of range: 9"],
    ['{{ parseInt "ff" 16 4 }}', 'parseInt: "ff" is not a number of 4 bits'],
  ])("refuses %s", (text, message) => {
    expect(() => compileTemplate(text)(DATA)).toThrow(TemplateError);
    expect(() => compileTemplate(text)(DATA)).toThrow(message);
  });

  it("fills in, or fails with a TemplateError, whatever the text", () => {
    const words =
      '{{ }} {{- -}} .Name .Group.a .Match $x := | ( ) if else end index printf 1 "a" ` true';
    const word = fc.oneof(fc.constantFrom(...words.split(" ")), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 25 }), (list) => {
        try {
          expect(typeof compileTemplate(list.join(" "))(DATA)).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
