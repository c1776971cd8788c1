import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashOf } from "./hash.ts";

describe("hashOf", () => {
  test.each([
    ["default/kubernetes:httpstcp", "NPX46M4PTMTKRN6Y"],
    ["kube-system/kube-dns:dnsudp", "TCOU7JCQXEZGVUNU"],
    ["kube-system/kube-dns:dns-tcptcp", "ERIFXISQEP7F7OF4"],
    ["kube-system/kube-dns:metricstcp", "JD5MR3NA4I4DYORP"],
    ["default/webtcp", "LOLE4ISW44XBNF3G"],
    ["default/web:httptcp", "CDGGSHYLG3RE2FKL"],
    ["default/web:httptcp10.244.1.5:8080", "AFGSLHOD2HFNCBX4"],
    ["default/web:httptcp[fd00:10:244::5]:8080", "VBF3M44FXEMK7CYW"],
  ])("%s is %s, as kube-proxy has it", (text, expected) => {
    expect(hashOf(text, 16)).toBe(expected);
  });

  test("holds the digest's bits, five a character", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (text, length) => {
        const bits = [...createHash("sha256").update(text).digest()]
          .map((byte) => byte.toString(2).padStart(8, "0"))
          .join("");
        const own = Array.from(hashOf(text, length))
          .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter))
          .map((value) => value.toString(2).padStart(5, "0"))
          .join("");
        expect(own).toBe(bits.slice(0, length * 5));
      }),
    );
  });
});
