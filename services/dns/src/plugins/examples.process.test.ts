import { CLASS_CODES, type Message, rcodeName } from "@kubehop/dns-wire";
import { describe, expect, it } from "vitest";
import { namespace, pod, service } from "../testing/cluster-objects.ts";
import { askBoth, recordLines, startDns } from "../testing/dns-fixture.ts";
import { createMemorySource } from "../testing/memory-source.ts";
import { forwardTo, startUpstream } from "../testing/upstream-fixture.ts";

/*
 * The examples of CoreDNS' plugin READMEs that other tests do not have, each over UDP and TCP.
 * UPSTREAM stands for a server that answers every A question with 192.0.2.8, others with NODATA.
 */

interface Example {
  /** The inside of a server block for `.`, or whole blocks when it begins with a key. */
  readonly corefile: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Question (`NAME TYPE [CLASS]`) and answer: the response code, then records. */
  readonly answers: Readonly<Record<string, string>>;
}

const FORWARD = forwardTo("UPSTREAM");
const INVALID = `template ANY ANY invalid {
  rcode NXDOMAIN
  authority "invalid. 60 {{ .Class }} SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)"
  ederror 21 "Blocked according to RFC2606"
}`;
const TEN = "match ^ip-10-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$";
const TEN_RECORD = "{{ .Name }} 60 IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}";
const ADDRESS = "(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)";
const GROUPS = "{{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}";

const EXAMPLES: Readonly<Record<string, Example>> = {
  "template: everything is NXDOMAIN": {
    corefile: "template ANY ANY {\n rcode NXDOMAIN\n}",
    answers: { "a.test. A": "NXDOMAIN", "a.test. MX CH": "NXDOMAIN" },
  },
  "template: .invalid is NXDOMAIN, in class CH too": {
    corefile: `${FORWARD}\n${INVALID}`,
    answers: {
      "a.invalid. A": "NXDOMAIN; invalid. 60 SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60",
      "a.invalid. TXT CH":
        "NXDOMAIN; invalid. 60 SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60",
      "a.test. A": "NOERROR; a.test. 60 A 192.0.2.8",
    },
  },
  "template: completions of a search path": {
    corefile: `${FORWARD}
      template IN ANY example.com.dc1.example.com {
        rcode NXDOMAIN
        authority "{{ .Zone }} 60 IN SOA ns.example.com hostmaster.example.com (1 60 60 60 60)"
      }
      template IN ANY example.org {
        match "example\\.org\\.(dc1\\.example\\.org\\.)$"
        rcode NXDOMAIN
        authority "{{ index .Match 1 }} 60 IN SOA ns.{{ index .Match 1 }} h.{{ index .Match 1 }} (1 60 60 60 60)"
        fallthrough
      }`,
    answers: {
      "x.example.com.dc1.example.com. AAAA":
        "NXDOMAIN; example.com.dc1.example.com. 60 SOA ns.example.com. hostmaster.example.com. 1 60 60 60 60",
      "x.example.org.dc1.example.org. A":
        "NXDOMAIN; dc1.example.org. 60 SOA ns.dc1.example.org. h.dc1.example.org. 1 60 60 60 60",
      "x.dc1.example.org. A": "NOERROR; x.dc1.example.org. 60 A 192.0.2.8",
    },
  },
  "template: A and PTR": {
    corefile: `${FORWARD}
      template IN A example {
        match (^|[.])ip-${ADDRESS}[.]example[.]$
        answer "{{ .Name }} 60 IN A ${GROUPS}"
        fallthrough
      }
      template IN PTR in-addr.arpa {
        match ^(?P<d>[0-9]*)[.](?P<c>[0-9]*)[.](?P<b>[0-9]*)[.](?P<a>[0-9]*)[.]in-addr[.]arpa[.]$
        answer "{{ .Name }} 60 IN PTR ip-{{ .Group.a }}-{{ .Group.b }}-{{ .Group.c }}-{{ .Group.d }}.example."
      }`,
    answers: {
      "ip-192-0-2-1.example. A": "NOERROR; ip-192-0-2-1.example. 60 A 192.0.2.1",
      "x.y.ip-192-0-2-1.example. A": "NOERROR; x.y.ip-192-0-2-1.example. 60 A 192.0.2.1",
      "1.2.0.192.in-addr.arpa. PTR":
        "NOERROR; 1.2.0.192.in-addr.arpa. 60 PTR ip-192-0-2-1.example.",
      "2.0.192.in-addr.arpa. PTR": "SERVFAIL",
      "other.example. A": "NOERROR; other.example. 60 A 192.0.2.8",
    },
  },
  "template: one answer for several patterns": {
    corefile: `${FORWARD}
      template IN A example {
        match "^ip-(?P<a>10)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]dc[.]example[.]$"
        match "^(?P<a>[0-9]*)[.](?P<b>[0-9]*)[.](?P<c>[0-9]*)[.](?P<d>[0-9]*)[.]ext[.]example[.]$"
        answer "{{ .Name }} 60 IN A {{ .Group.a}}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
        fallthrough
      }`,
    answers: {
      "ip-10-1-2-3.dc.example. A": "NOERROR; ip-10-1-2-3.dc.example. 60 A 10.1.2.3",
      "192.0.2.1.ext.example. A": "NOERROR; 192.0.2.1.ext.example. 60 A 192.0.2.1",
      "ip-11-1-2-3.dc.example. A": "NOERROR; ip-11-1-2-3.dc.example. 60 A 192.0.2.8",
    },
  },
  "template: MX, name servers and their addresses": {
    corefile: `${FORWARD}
      template IN MX example {
        ${TEN}
        answer "{{ .Name }} 60 IN MX 10 {{ .Name }}"
        additional "${TEN_RECORD}"
        authority  "example. 60 IN NS ns0.example."
        authority  "example. 60 IN NS ns1.example."
        additional "ns0.example. 60 IN A 203.0.113.8"
        additional "ns1.example. 60 IN A 198.51.100.8"
        fallthrough
      }`,
    answers: {
      "ip-10-1-2-3.example. MX":
        "NOERROR; ip-10-1-2-3.example. 60 MX 10 ip-10-1-2-3.example.; " +
        "example. 60 NS ns0.example.; example. 60 NS ns1.example.; " +
        "ip-10-1-2-3.example. 60 A 10.1.2.3; ns0.example. 60 A 203.0.113.8; ns1.example. 60 A 198.51.100.8",
    },
  },
  "template: a CNAME and what it leads to": {
    corefile: `template IN ANY foogle.com {
        match "^foogle\\.com\\.$"
        answer "foogle.com 60 IN CNAME google.com"
      }
      ${FORWARD}`,
    answers: {
      "foogle.com. A": "NOERROR; foogle.com. 60 CNAME google.com.; google.com. 60 A 192.0.2.8",
      "foogle.com. TXT": "NOERROR; foogle.com. 60 CNAME google.com.",
    },
  },
  "hosts: wildcards stand for one label and have no PTR": {
    corefile: `hosts example.hosts example.com {
        fallthrough example.com
      }
      ${FORWARD}`,
    files: {
      "example.hosts":
        "192.168.1.10 *.example.com\n192.168.1.11 a.example.com\n192.168.1.12 b.example.com\n",
    },
    answers: {
      "a.example.com. A": "NOERROR; a.example.com. 3600 A 192.168.1.11",
      "b.example.com. A": "NOERROR; b.example.com. 3600 A 192.168.1.12",
      "apps.example.com. A": "NOERROR; apps.example.com. 3600 A 192.168.1.10",
      "example.com. A": "NOERROR; example.com. 60 A 192.0.2.8",
      "deep.apps.example.com. A": "NOERROR; deep.apps.example.com. 60 A 192.0.2.8",
      "10.1.168.192.in-addr.arpa. PTR": "NOERROR",
      "11.1.168.192.in-addr.arpa. PTR":
        "NOERROR; 11.1.168.192.in-addr.arpa. 3600 PTR a.example.com.",
    },
  },
  "file: the zone of its README": {
    corefile: "file db.example.org example.org",
    files: {
      "db.example.org": `$ORIGIN example.org.
@	3600 IN	SOA sns.dns.icann.org. noc.dns.icann.org. 2017042745 7200 3600 1209600 3600
	3600 IN NS a.iana-servers.net.
	3600 IN NS b.iana-servers.net.

www     IN A     127.0.0.1
        IN AAAA  ::1
`,
    },
    answers: {
      "www.example.org. A":
        "NOERROR; www.example.org. 3600 A 127.0.0.1; " +
        "example.org. 3600 NS a.iana-servers.net.; example.org. 3600 NS b.iana-servers.net.",
      "www.example.org. AAAA":
        "NOERROR; www.example.org. 3600 AAAA ::1; " +
        "example.org. 3600 NS a.iana-servers.net.; example.org. 3600 NS b.iana-servers.net.",
      "example.net. A": "SERVFAIL",
    },
  },
  "kubernetes: a CIDR as zone, and verified pods": {
    corefile: `10.0.0.0/17:0 cluster.local:0 {
        bind 127.0.0.1
        kubernetes {
          pods verified
        }
      }`,
    answers: {
      "api.shop.svc.cluster.local. A": "NOERROR; api.shop.svc.cluster.local. 5 A 10.0.7.1",
      "1.7.0.10.in-addr.arpa. PTR":
        "NOERROR; 1.7.0.10.in-addr.arpa. 5 PTR api.shop.svc.cluster.local.",
      "10-1-0-9.shop.pod.cluster.local. A":
        "NOERROR; 10-1-0-9.shop.pod.cluster.local. 5 A 10.1.0.9",
      "1.128.0.10.in-addr.arpa. PTR": "REFUSED",
    },
  },
  "forward: a block for each stub domain": {
    corefile: `cluster.local:0 {
        bind 127.0.0.1
        kubernetes cluster.local
      }
      example.local:0 {
        bind 127.0.0.1
        ${FORWARD}
      }
      .:0 {
        bind 127.0.0.1
        erratic { drop 0 }
      }`,
    answers: {
      "api.shop.svc.cluster.local. A": "NOERROR; api.shop.svc.cluster.local. 5 A 10.0.7.1",
      "a.example.local. A": "NOERROR; a.example.local. 60 A 192.0.2.8",
      "a.example.com. A": "NOERROR; a.example.com. 0 A 192.0.2.53",
    },
  },
  "view: by type, and by name": {
    corefile: `.:0 {
        bind 127.0.0.1
        view addresses { expr type() in ['A', 'AAAA'] && name() matches '^abc\\..*\\.example\\.com\\.$' }
        ${FORWARD}
      }
      .:0 {
        bind 127.0.0.1
        erratic { drop 0 }
      }`,
    answers: {
      "abc.x.y.example.com. A": "NOERROR; abc.x.y.example.com. 60 A 192.0.2.8",
      "abc.example.com. A": "NOERROR; abc.example.com. 0 A 192.0.2.53",
      "abc.x.example.com. MX": "SERVFAIL",
    },
  },
  "acl: everything of a name for a network": {
    corefile: `acl a.example.org {
        block net 127.0.0.0/24
      }
      ${FORWARD}`,
    answers: {
      "a.example.org. A": "REFUSED",
      "x.a.example.org. MX": "REFUSED",
      "b.example.org. A": "NOERROR; b.example.org. 60 A 192.0.2.8",
    },
  },
  "acl: a type for a network is filtered": {
    corefile: `acl {
        filter type A net 127.0.0.0/16
      }
      erratic { drop 0 }`,
    answers: {
      "a.test. A": "NOERROR",
      "a.test. AAAA": "NOERROR; a.test. 0 AAAA 2001:db8::53",
    },
  },
  "dns64: a prefix, also where there are AAAA records": {
    corefile: `dns64 {
        prefix 64:1337::/96
        translate_all
        allow_ipv4
      }
      hosts /dev/null {
        192.0.2.1 a.test
        2001:db8::1 a.test
      }`,
    answers: { "a.test. AAAA": "NOERROR; a.test. 600 AAAA 64:1337::c000:201" },
  },
  "rewrite: a class": {
    corefile: "rewrite class CH IN\nhosts /dev/null {\n 192.0.2.1 a.test\n}\nchaos v",
    answers: { "a.test. A CH": "NOERROR; a.test. 3600 A 192.0.2.1" },
  },
  "import: a snippet and a file, a variable in both": {
    corefile: `(common) {
        bind {$BIND}
        import {$PART}.conf
      }
      .:0 {
        import common
      }`,
    files: { "part.conf": "hosts /dev/null {\n 192.0.2.{$LAST} a.test\n}\n" },
    answers: { "a.test. A": "NOERROR; a.test. 3600 A 192.0.2.77" },
  },
};

describe("the examples of CoreDNS' READMEs", () => {
  it.each(Object.entries(EXAMPLES))("%s", async (_title, { corefile, files = {}, answers }) => {
    await using upstream = await startUpstream(({ questions: [question] }) => {
      const { name = ".", type } = question ?? {};
      if (type !== "A") return {};
      return { answers: [{ name, type, class: 1, ttl: 60, address: "192.0.2.8" }] };
    });
    const text = corefile.replaceAll("UPSTREAM", `127.0.0.1:${upstream.port}`);
    const whole = /^(?:\S+:0 |\()/.test(text) ? text : `.:0 {\n bind 127.0.0.1\n${text}\n}`;
    const env = { BIND: "127.0.0.1", PART: "part", LAST: "77" };
    await using dns = await startDns({ corefile: whole, files, env, source: cluster() });
    const seen: Record<string, string> = {};
    for (const question of Object.keys(answers)) {
      const [name = "", type = "", cls = "IN"] = question.split(" ");
      const reply = await askBoth(dns.port, name, type, { class: CLASS_CODES[cls] ?? 1 });
      seen[question] = describeReply(reply);
    }
    expect(seen).toEqual(answers);
  });
});

function cluster() {
  const source = createMemorySource();
  source.namespaces.apply(namespace("shop"));
  source.services.apply(service("shop/api", { clusterIP: "10.0.7.1" }));
  source.pods.apply(pod("shop/one", "10.1.0.9"));
  return source;
}

function describeReply({ rcode, answers, authorities, additionals }: Message): string {
  const sections = [answers, authorities, additionals].map(recordLines);
  return [rcodeName(rcode), ...sections.flat()].join("; ");
}
