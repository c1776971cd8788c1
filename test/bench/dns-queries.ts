import { HEADLESS, SERVICES } from "./dns-cluster.ts";

/** What is asked, and how. */
export interface DnsCase {
  readonly label: string;
  /** `name TYPE` each. */
  readonly queries: readonly string[];
  /** dnsperf's flags besides. */
  readonly flags: readonly string[];
  /** Each query once, instead of all of them again and again. */
  readonly once: boolean;
}

const HOT = 1_000;
const MISSING = 1_000;

/** The cases, in the order in which they run: what is cold must not have been asked before. */
export function dnsCases(): DnsCase[] {
  const again = { flags: [], once: false };
  const hot = names(HOT).map((name) => `${name} A`);
  return [
    { label: "10,000 Services cold", queries: cold(), flags: [], once: true },
    { label: "1,000 names hot", queries: hot, ...again },
    { label: "cluster mix", queries: mix(), ...again },
    {
      label: "NXDOMAIN",
      queries: Array.from({ length: MISSING }, (_, index) => `${outside(index)} A`),
      ...again,
    },
    {
      label: "headless of 100 endpoints",
      queries: [`${HEADLESS}.default.svc.cluster.local A`],
      flags: ["-e"],
      once: false,
    },
    { label: "TCP, 1,000 names hot", queries: hot, flags: ["-mtcp"], once: false },
  ];
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `svc-${index}.default.svc.cluster.local`);
}

function cold(): string[] {
  return names(SERVICES).flatMap((name) => [`${name} A`, `${name} AAAA`]);
}

/** 70 % A, 10 % AAAA (no data), 15 % names of the search path (missing), 5 % SRV. */
function mix(): string[] {
  return Array.from({ length: 2_000 }, (_, index) => {
    const name = `svc-${(index * 7) % HOT}.default.svc.cluster.local`;
    const kind = index % 20;
    if (kind < 14) return `${name} A`;
    if (kind < 16) return `${name} AAAA`;
    if (kind < 19) return `${outside(index % 100)} A`;
    return `_http._tcp.${name} SRV`;
  });
}

/** A name elsewhere with the search path's first entry behind it. */
function outside(index: number): string {
  return `www.example${index}.com.default.svc.cluster.local`;
}
