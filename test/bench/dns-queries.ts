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

/** The Services before this one are hot. */
const HOT = 1_000;
/** Those before this one are asked for first. */
const FIRST = 2_000;
const MISSING = 1_000;

/** The cases, in the order in which they run: what is cold must not have been asked before. */
export function dnsCases(): DnsCase[] {
  const again = { flags: [], once: false };
  const hot = names(0, HOT).map((name) => `${name} A`);
  return [
    // Before V8 has compiled anything.
    { label: "first queries of a process", queries: cold(HOT, FIRST), flags: [], once: true },
    { label: "1,000 names hot", queries: hot, ...again },
    { label: "8,000 Services cold", queries: cold(FIRST, SERVICES), flags: [], once: true },
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

/** The names of the Services from this number to before that. */
function names(from: number, to: number): string[] {
  const name = (index: number): string => `svc-${index}.default.svc.cluster.local`;
  return Array.from({ length: to - from }, (_, index) => name(from + index));
}

function cold(from: number, to: number): string[] {
  return names(from, to).flatMap((name) => [`${name} A`, `${name} AAAA`]);
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
