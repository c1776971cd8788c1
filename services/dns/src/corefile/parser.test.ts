import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outline, parseText } from "../testing/parse-text.ts";
import { CorefileError } from "./corefile-error.ts";
import { hashCorefile } from "./load.ts";

/** The Corefile of the cluster this project stands for, as its documentation prints it. */
const CLUSTER = `.:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;

describe("parseCorefile", () => {
  it("reads the cluster's Corefile", () => {
    expect(outline(parseText(CLUSTER))).toEqual([
      {
        keys: [".:53"],
        directives: [
          "errors",
          ["health", ["lameduck 5s"]],
          "ready",
          [
            "kubernetes cluster.local in-addr.arpa ip6.arpa",
            ["pods insecure", "fallthrough in-addr.arpa ip6.arpa", "ttl 30"],
          ],
          "prometheus :9153",
          "forward . /etc/resolv.conf",
          "cache 30",
          "loop",
          "reload",
          "loadbalance",
        ],
      },
    ]);
  });

  it.each<[what: string, text: string, expected: unknown]>([
    ["nothing", "", []],
    ["only comments", "# a\n  # b\n", []],
    ["a block without braces", ".\nwhoami\nlog", [{ keys: ["."], directives: ["whoami", "log"] }]],
    ["a brace on the next line", ".\n{\nlog\n}", [{ keys: ["."], directives: ["log"] }]],
    ["keys on one line", "a b:1 {\n}", [{ keys: ["a", "b:1"], directives: [] }]],
    ["keys over lines by commas", "a,\nb , c {\n}", [{ keys: ["a", "b", "c"], directives: [] }]],
    ["all on one line", ". { log }", [{ keys: ["."], directives: ["log"] }]],
    [
      "an empty block of a directive",
      ". {\nlog {\n}\n}",
      [{ keys: ["."], directives: [["log", []]] }],
    ],
    [
      "a directive's brace on the next line",
      ". {\ncache\n{\nkeepttl\n}\n}",
      [{ keys: ["."], directives: [["cache", ["keepttl"]]] }],
    ],
    [
      "several blocks",
      "a {\n}\nb {\n}",
      [
        { keys: ["a"], directives: [] },
        { keys: ["b"], directives: [] },
      ],
    ],
    [
      "a quoted token over two lines",
      '. {\nlog "a\nb"\nready\n}',
      [{ keys: ["."], directives: ["log a\nb", "ready"] }],
    ],
    ["an escaped quote", '. {\nlog "a\\"b\\c"\n}', [{ keys: ["."], directives: ['log a"b\\c'] }]],
    ["a quote inside a token", '. {\nlog a"b\n}', [{ keys: ["."], directives: ['log a"b'] }]],
    [
      "a comment in the middle of a token",
      ". {\nlog a#b\n}",
      [{ keys: ["."], directives: ["log a"] }],
    ],
    ["a hash in quotes", '. {\nlog "a#b"\n}', [{ keys: ["."], directives: ["log a#b"] }]],
    [
      "braces inside a word",
      ".:53{ {\nlog {common}\n}",
      [{ keys: [".:53{"], directives: ["log {common}"] }],
    ],
    [
      "carriage returns and a byte order mark",
      "\uFEFF. {\r\nlog\r\n}\r\n",
      [{ keys: ["."], directives: ["log"] }],
    ],
    [
      "variables",
      "{$ZONE}:{%PORT%} {\nlog x{$UNSET}y {{ $x }}\n}",
      [{ keys: ["a.b:1053"], directives: ["log xy {{ $x }}"] }],
    ],
    [
      "a snippet",
      "(s) {\nerrors\ncache { keepttl }\n}\n. {\nimport s\nlog\n}",
      [{ keys: ["."], directives: ["errors", ["cache", ["keepttl"]], "log"] }],
    ],
    [
      "a snippet twice",
      "(s) { log }\n. {\nimport s\nimport s\n}",
      [{ keys: ["."], directives: ["log", "log"] }],
    ],
    [
      "a file",
      ". {\nimport one.conf\nlog\n}",
      [{ keys: ["."], directives: ["errors", "ready", "log"] }],
    ],
    [
      "a file of blocks",
      "import blocks.conf\n. {\n}",
      [
        { keys: ["x"], directives: ["log"] },
        { keys: ["."], directives: [] },
      ],
    ],
    [
      "files by a pattern",
      ". {\nimport conf.d/*.conf\n}",
      [{ keys: ["."], directives: ["loop", "whoami"] }],
    ],
  ])("reads %s", (_what, text, expected) => {
    const files = {
      "/etc/one.conf": "errors\nready",
      "/etc/blocks.conf": "x {\nlog\n}",
      "/etc/conf.d/a.conf": "import b.inc",
      "/etc/conf.d/b.conf": "whoami",
      "/etc/conf.d/b.inc": "loop",
    };
    const corefile = parseText(text, { files, env: { ZONE: "a.b", PORT: "1053" } });
    expect(outline(corefile)).toEqual(expected);
    expect(corefile.warnings).toEqual([]);
  });

  it.each([
    ["conf.d/?.conf", ["errors"]],
    ["*/a.conf", ["errors", "log"]],
    ["conf.d/*", ["errors", "whoami"]],
  ])("imports what %s matches", (pattern, names) => {
    const files = {
      "/etc/conf.d/a.conf": "errors",
      "/etc/conf.d/long.conf": "whoami",
      "/etc/conf.d/.hidden": "loop",
      "/etc/more/a.conf": "log",
    };
    const [block] = parseText(`. {\nimport ${pattern}\n}`, { files }).blocks;
    expect(block?.directives.map(({ name }) => name)).toEqual(names);
  });

  it.each<[text: string, message: string]>([
    [". {\nlog\n", "/etc/Corefile:1:3: this '{' is never closed; expected '}'"],
    [". {\ncache {\nkeepttl\n", "/etc/Corefile:2:7: this '{' is never closed"],
    [". {\n}\n}", "/etc/Corefile:3:1: unexpected '}'; no block is open"],
    ["{\nlog\n}", "/etc/Corefile:1:1: expected a zone before '{', for example \".:53\""],
    [". {\n{\n}\n}", "/etc/Corefile:2:1: expected a directive before '{'"],
    ["a, {\n}", "/etc/Corefile:1:4: expected another zone after the comma"],
    ["a,", "/etc/Corefile:1:1: expected another zone after the comma"],
    ['. {\n  log "abc\n}', "/etc/Corefile:2:7: this quote is never closed"],
    [". {\nimport\n}", "/etc/Corefile:2:1: expected one argument: import SNIPPET or import FILE"],
    [". {\nimport a b\n}", '/etc/Corefile:2:10: unexpected "b"; import takes one argument'],
    [
      ". {\nimport none\n}",
      '/etc/Corefile:2:8: "none" is neither a snippet defined above nor a file: ENOENT',
    ],
    [". {\nimport */*.x\n}", "expected only one * or ? in a pattern"],
    [
      "(s) {\n}\n(s) {\n}",
      '/etc/Corefile:3:1: the snippet "s" is already defined at /etc/Corefile:1',
    ],
    ["(s)\nlog", "expected '{' of the snippet"],
    ["(s) {\nlog", "/etc/Corefile:1:5: this '{' is never closed"],
    ["(s) {\nimport s\n}\n. {\nimport s\n}", "more than 1000 imports; is one recursive?"],
  ])("refuses %j", (text, message) => {
    expect(() => parseText(text)).toThrow(message);
    expect(() => parseText(text)).toThrow(CorefileError);
  });

  it("warns of a pattern without files", () => {
    expect(parseText(". {\nimport x/*.conf\n}").warnings).toEqual([
      '/etc/Corefile:2:8: no file matches the import "x/*.conf"',
    ]);
  });

  it("throws nothing but CorefileError for any text", () => {
    const word = fc.constantFrom(
      "{",
      "}",
      '"',
      "#",
      "\n",
      " ",
      ",",
      "import",
      "(s)",
      "a",
      "\\",
      "{$X}",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        try {
          parseText(words.join(words.length % 2 === 0 ? " " : ""));
        } catch (error) {
          expect(error).toBeInstanceOf(CorefileError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("hashCorefile", () => {
  it("does not see comments, layout or imports", () => {
    const plain = hashCorefile(parseText(". {\nlog\ncache 30\n}"));
    const other = parseText("# x\n(s) { cache 30 }\n. { # y\n\n  log\n  import s\n}");
    expect(hashCorefile(other)).toBe(plain);
    expect(hashCorefile(parseText(". {\nlog\ncache 31\n}"))).not.toBe(plain);
  });
});
