import { describe, expect, test } from "vitest";
import {
  isConfigMapKey,
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isEnvVarName,
  isQualifiedName,
  isValidLabelValue,
  isValidPortName,
  isValidPortNum,
} from "./names.ts";

const LABEL_63 = "a".repeat(63);

interface Table {
  readonly check: (value: string) => string[];
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const TABLES: Readonly<Record<string, Table>> = {
  isDNS1123Label: {
    check: isDNS1123Label,
    good: ["a", "ab", "abc", "a1", "a-1", "a--1--2--b", "0", "01", "1a", "0-1-2", LABEL_63],
    bad: [
      "",
      "A",
      "aBc",
      "-",
      "a-",
      "-a",
      "_",
      "a_",
      ".",
      "a.",
      "a.b",
      "a@b",
      " a",
      `${LABEL_63}a`,
    ],
  },
  isDNS1123Subdomain: {
    check: isDNS1123Subdomain,
    good: ["a", "a.b", "a1.b2", "0.0.0.0", "aaa.bbb.ccc", "a--b.c", "a".repeat(253)],
    bad: ["", "A", "A.a", ".a", "a.", "a..b", "a._b", "-a.b", "a-.b", "a".repeat(254), "a\n"],
  },
  isDNS1035Label: {
    check: isDNS1035Label,
    good: ["a", "ab", "a1", "a-1", "a--1--2--b", LABEL_63],
    bad: ["0", "1a", "", "A", "-", "a-", "a.b", `${LABEL_63}a`],
  },
  isQualifiedName: {
    check: isQualifiedName,
    good: [
      "simple",
      "now-with-dashes",
      "1-starts-with-num",
      "1.2.3.4/5",
      "Uppercase_Is_OK_123",
      LABEL_63,
      `${"a".repeat(253)}/${LABEL_63}`,
    ],
    bad: [
      "",
      "nospecialchars%^=@",
      "cantendwithadash-",
      "-cantstart",
      "only/one/slash",
      "Example.com/abc",
      "example.com/",
      "/simple",
      `${LABEL_63}a`,
      `${"a".repeat(254)}/abc`,
    ],
  },
  isValidLabelValue: {
    check: isValidLabelValue,
    good: ["", "simple", "now-with-dashes", "1.a", "a_b", "12345", LABEL_63],
    bad: ["nospecial%", "Tama-nui-te-rā.is.Māori.sun", "-x", "x-", "a\\b", `${LABEL_63}a`],
  },
  isValidPortName: {
    check: isValidPortName,
    good: ["telnet", "re-mail-ck", "pop3", "a", "a-1", "1-a", "1-a-1-b-2-c"],
    bad: [
      "longerthan15characters",
      "",
      "12345",
      "1-2-3-4",
      "-begin",
      "end-",
      "two--hyphens",
      "whois++",
      "UPPER",
    ],
  },
  isConfigMapKey: {
    check: isConfigMapKey,
    good: ["a", "good", "goodKey", "key.name", "KEY_NAME", ".dotfile", "a".repeat(253), "1.2"],
    bad: ["", ".", "..", "..bad", "b*d", "bad!&bad", "a/b", "a".repeat(254)],
  },
  isEnvVarName: {
    check: isEnvVarName,
    good: ["abc", "ABC", "_a", "a.b", "a-b", "1A", "with space"],
    bad: ["", "a=b", "tab\t", "ä"],
  },
};

describe.each(Object.entries(TABLES))("%s", (_name, { check, good, bad }) => {
  test.each(good)("takes %j", (value) => expect(check(value)).toEqual([]));
  test.each(bad)("refuses %j", (value) => expect(check(value)).not.toEqual([]));
});

test("texts are upstream's", () => {
  expect(isDNS1123Label("A")).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " +
      "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex " +
      "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(isDNS1035Label("1a")[0]).toContain("a DNS-1035 label must consist of");
  expect(isDNS1123Label(`${LABEL_63}a`)).toEqual(["must be no more than 63 characters"]);
  expect(isQualifiedName("/x")).toEqual(["prefix part must be non-empty"]);
  expect(isQualifiedName("example.com/")[0]).toBe("name part must be non-empty");
  expect(isQualifiedName("a/b/c")[0]).toMatch(/^a qualified name must consist of/);
  expect(isValidPortName("12--3")).toEqual([
    "must contain at least one letter (a-z)",
    "must not contain consecutive hyphens",
  ]);
});

test.each([
  [1, true],
  [65535, true],
  [0, false],
  [65536, false],
  [-1, false],
  [1.5, false],
  [undefined, false],
])("port number %s", (value, good) => {
  const text = good ? [] : ["must be between 1 and 65535, inclusive"];
  expect(isValidPortNum(value)).toEqual(text);
});
