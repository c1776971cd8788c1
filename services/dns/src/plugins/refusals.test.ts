import { createLogger, createMetrics, systemClock } from "@kubehop/kit";
import { describe, expect, it } from "vitest";
import { createClusterView } from "../cluster/cluster-view.ts";
import { buildInstance } from "../instance.ts";
import { createDnsMetrics } from "../metrics.ts";
import type { ProcessContext } from "../plugin.ts";
import { createMemorySource } from "../testing/memory-source.ts";
import { parseText } from "../testing/parse-text.ts";

const ignore = () => undefined;

function build(text: string): void {
  const view = { clock: systemClock, onApplied: ignore, onProgrammed: ignore };
  const context = {
    logger: createLogger({ name: "test", level: "silent" }),
    metrics: createDnsMetrics(createMetrics(), "test"),
    clock: systemClock,
    random: Math.random,
    folder: import.meta.dirname,
    cluster: () => createClusterView({ ...view, source: createMemorySource() }),
    localAddresses: () => [],
  } as unknown as ProcessContext;
  buildInstance(parseText(text), { context, defaultPort: 53, defaultHosts: ["0.0.0.0"] });
}

/** A directive and what is said about it; the position is that in the line after `. {`. */
const REFUSALS: readonly (readonly [directive: string, place: string, message: string])[] = [
  ["acl {\n permit\n}", "3:2", 'unknown property "permit" of acl; expected allow, block'],
  ["acl {\n block net 10.0.0.0/33\n}", "3:12", '"10.0.0.0/33" is not an address, a CIDR or *'],
  ["acl {\n block type NONSENSE\n}", "3:13", '"NONSENSE" is not a type like AAAA'],
  ["acl {\n block A\n}", "3:8", '"A" is not type or net'],
  ["any x", "2:5", "any has 1 argument(s); expected: any"],
  ["bufsize 511", "2:9", '"511" is not a whole number from 512 to 4096'],
  ["bufsize 1232 {\n}", "2:1", "bufsize has no block"],
  ["cancel soon", "2:8", '"soon" is not a duration'],
  ["chaos v {\n x\n}", "3:2", "chaos has no block"],
  ["debug 1", "2:7", "debug has 1 argument(s)"],
  ["dns64 10.0.0.0/8", "2:7", "is not an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits"],
  ["dns64 {\n prefix 64:ff9b::/95\n}", "3:9", "is not an IPv6 prefix"],
  ["dns64 {\n prefix 64:ff9b::1/96\n}", "3:9", "is not an IPv6 prefix"],
  ["erratic {\n drop -1\n}", "3:7", '"-1" is not a whole number'],
  ["header {\n response add aa\n}", "3:11", '"add" is not an action'],
  ["header {\n set zz\n}", "3:6", '"zz" is not one of the flags aa, ra and rd'],
  ["header {\n set\n}", "3:2", '"set" is not followed by aa, ra or rd'],
  ["minimal x", "2:9", "minimal has 1 argument(s)"],
  ["multisocket 0", "2:13", '"0" is not a whole number from 1 to 1024'],
  ["multisocket 1025", "2:13", "from 1 to 1024"],
  ["rewrite port 1 2", "2:9", '"port" is not one of name, type, class, ttl, rcode, cname, edns0'],
  ["rewrite name a", "2:14", '"a" is not followed by FROM and TO'],
  ["rewrite name regex ( x", "2:20", '"(" is not a regular expression'],
  ["rewrite name regex (a) {2}", "2:24", "the expression has no group {2}"],
  ["rewrite name regex a b answer auto", "2:31", "give answer name RE TO"],
  ["rewrite name a b reply", "2:18", '"reply" is not answer auto, answer name RE TO'],
  ["rewrite type A NONSENSE", "2:16", '"NONSENSE" is not a type'],
  ["rewrite ttl a.test 300-30", "2:20", "is not a range from less to more"],
  ["rewrite rcode a.test 0 99", "2:24", '"99" is not a response code'],
  ["rewrite edns0 local put 1 x", "2:21", '"put" is not one of set, append, replace, unset'],
  ["rewrite edns0 local set 1 {nothing}", "2:27", '"{nothing}" is not a variable: qname'],
  ["rewrite edns0 subnet set 33 56", "2:26", '"33" is not a whole number from 0 to 32'],
  ["autopath @consul", "2:10", '"@consul" is not @kubernetes or a resolv.conf'],
  ["autopath /none/resolv.conf", "2:10", "cannot be read"],
  ["template IN", "2:1", "template has 1 argument(s); expected: template CLASS TYPE"],
  ["template XX A", "2:10", '"XX" is not a class like IN'],
  ["template IN A {\n match (\n}", "3:8", '"(" is not a regular expression'],
  ['template IN A {\n answer "{{ x }}"\n}', "3:2", 'function "x" not defined'],
  ["template IN A {\n rcode NOPE\n}", "3:8", '"NOPE" is not a response code'],
  ["template IN A {\n var type name()\n}", "3:6", '"type" is not a name that is free'],
  ["template IN A {\n var a\n}", "3:2", "expected: var NAME EXPRESSION"],
  ["template IN A {\n expr b == 1\n var b 1\n}", "3:2", "there is no function b"],
  ["file", "2:1", "file has no argument; expected: file DBFILE"],
  ["file x {\n reload soon\n}", "3:9", '"soon" is not a duration'],
  ["transfer {\n}", "2:1", 'transfer: expected at least one "to ADDRESS"'],
  ["transfer {\n to nobody\n}", "3:5", '"nobody" is not *, IP or IP:PORT'],
  ["transfer {\n to *\n source eth\n}", "4:9", '"eth" is not an IP address'],
  ["bind nowhere0", "2:6", '"nowhere0" is not an IP address or an interface'],
  ["bind 127.0.0.1 {\n except lo\n}", "2:1", "no address is left to listen on"],
  ["kubernetes z {\n endpoint nowhere\n}", "3:11", '"nowhere" is not a URL like'],
  ["kubernetes z {\n kubeconfig /none\n}", "3:2", "kubeconfig /none: ENOENT"],
  ["kubernetes z {\n tls a b c\n}", "3:6", '"a" is not a PEM file that can be read'],
  ["kubernetes z {\n zonal\n noendpoints\n}", "2:1", "zonal and noendpoints cannot both be set"],
  ["kubernetes z {\n multicluster z\n}", "3:2", "there are no ServiceImport objects"],
  ["forward . https://192.0.2.1", "2:11", "expected [dns://|tls://]IP[:PORT] or HOST[:PORT]"],
  ["forward . dns.example {\n resolver ns1\n}", "3:11", '"ns1" is not IP or IP:PORT'],
  ["forward . 192.0.2", "2:11", "is no upstream; expected IP[:PORT], HOST[:PORT] or a file"],
  ["forward . 192.0.2.1:70000", "2:11", "is no upstream"],
  ["forward . 1.1.1.1 {\n next NOERROR\n}", "3:7", '"NOERROR" is not a response code'],
  ["forward . 1.1.1.1 {\n source_address x\n}", "3:17", '"x" is not an IP address'],
  ["forward . 1.1.1.1 {\n tls /none\n}", "3:6", '"/none" is not a PEM file'],
  ["loadbalance random", "2:13", '"random" is not round_robin or weighted'],
  ["loadbalance weighted", "2:13", "is not part of: loadbalance [round_robin | weighted FILE]"],
  ["loadbalance weighted /none", "2:22", '"/none" is not a file of weights (ENOENT'],
  ["loadbalance {\n prefer x\n}", "3:9", '"x" is not a CIDR'],
  ["ready {\n monitor never\n}", "3:10", '"never" is not until-ready or continuously'],
  ["cache {\n serve_stale 1h never\n}", "3:17", '"never" is not part of: serve_stale'],
  ["cache {\n serve_stale 1h immediate 2s\n}", "3:27", '"2s" is not part of: serve_stale'],
  ["root", "2:1", "root has no argument; expected: root PATH"],
  ["timeouts {\n}", "2:1", "timeouts block with no timeouts"],
  ["timeouts {\n read 500ms\n}", "3:7", '"500ms" is not from 1s to 24h'],
  ["timeouts {\n idle 25h\n}", "3:7", "is not from 1s to 24h"],
  ["tls cert.pem", "2:1", "tls has 1 argument(s); expected: tls CERT KEY [CA]"],
  ["tls /none/cert.pem /none/key.pem", "2:5", "is not a PEM file that can be read"],
  ["view", "2:1", "view has no argument; expected: view NAME"],
  ["view v {\n expr nonsense()\n}", "3:2", "there is no function nonsense"],
  ["whoami\nwhoami", "3:1", "whoami can only be used once per server block"],
];

describe("a mistake in a directive", () => {
  it.each(REFUSALS)("%s", (directive, place, message) => {
    const text = `. {\n${directive}\n}`;
    expect(() => build(text)).toThrow(message);
    expect(() => build(text)).toThrow(`/etc/Corefile:${place}: `);
  });

  it.each([
    [". {\n whoami\n}\n. {\n whoami\n}", "4:1", "cannot serve dns://.:53 - it is already defined"],
    ["tls://. {\n whoami\n}", "1:1", "tls:// needs a certificate; expected the directive tls"],
    ["https://. {\n whoami\n}", "1:1", "the transport https:// is not served"],
  ])("%s", (text, place, message) => {
    expect(() => build(text)).toThrow(message);
    expect(() => build(text)).toThrow(`/etc/Corefile:${place}: `);
  });
});
