/** resolv.conf(5) as glibc reads it. */
export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  /** Names with fewer dots go through the search list first. */
  readonly ndots: number;
  /** Seconds one server gets to answer. */
  readonly timeout: number;
  /** Rounds over all servers. */
  readonly attempts: number;
  /** `use-vc`: TCP from the start. */
  readonly useTcp: boolean;
}

/** glibc's MAXNS: further nameserver lines are ignored. */
const MAX_NAMESERVERS = 3;
const DEFAULTS = { ndots: 1, timeout: 5, attempts: 2 };
/** glibc's RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY: larger values are cut to these. */
const MAXIMA = { ndots: 15, timeout: 30, attempts: 5 };

/**
 * Parses resolv.conf. As in glibc the last `search` or `domain` line wins, unknown lines and
 * options are ignored, and no nameserver means 127.0.0.1.
 */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  let search: readonly string[] = [];
  let options: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && values[0] !== undefined) nameservers.push(values[0]);
    else if (keyword === "search") search = values;
    else if (keyword === "domain") search = values.slice(0, 1);
    else if (keyword === "options") options = [...options, ...values];
  }
  return {
    nameservers: nameservers.length > 0 ? nameservers.slice(0, MAX_NAMESERVERS) : ["127.0.0.1"],
    search: search.map((domain) => domain.replace(/\.$/, "")),
    ndots: numericOption(options, "ndots"),
    timeout: numericOption(options, "timeout"),
    attempts: numericOption(options, "attempts"),
    useTcp: options.includes("use-vc"),
  };
}

function numericOption(options: readonly string[], name: keyof typeof DEFAULTS): number {
  const given = options.findLast((option) => option.startsWith(`${name}:`));
  const value = Number.parseInt(given?.slice(name.length + 1) ?? "", 10);
  return Number.isNaN(value) || value < 0 ? DEFAULTS[name] : Math.min(value, MAXIMA[name]);
}

/**
 * The full names to ask for, in order, each without its trailing dot (res_nsearch(3)): a name
 * with a trailing dot as it is; one with `ndots` dots or more first as it is; others last as it is.
 */
export function searchCandidates(name: string, conf: ResolvConf): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const dots = name.split(".").length - 1;
  const expanded = conf.search.map((domain) => (domain === "" ? name : `${name}.${domain}`));
  return [...new Set(dots >= conf.ndots ? [name, ...expanded] : [...expanded, name])];
}
