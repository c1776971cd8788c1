import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { startLab } from "../support/test-lab.ts";
import type { TestLab } from "../support/test-lab.ts";
import { EXAMPLES } from "../support/paths.ts";
import { whyNoLab } from "../support/requirements.ts";
import { writePlot } from "./plot.ts";
import { formatRows } from "./row.ts";
import type { BenchOptions, BenchRow } from "./row.ts";

const MIB = 1024 * 1024;
const PART_LIMIT_MS = 90_000;
/** Parts that measure many programs in turn. */
const LONG_PART_LIMIT_MS = 300_000;
const LONG_PARTS: readonly string[] = ["forward", "services", "dns"];
const USAGE = `usage: npm run bench -- [--seconds N] [--only PART[,PART]] [--json] [--plot DIR]
  --seconds N   length of one measurement, 1 to 30 (default 5)
  --only PARTS  forward, services, dns, apiserver, startup, memory, latency, convergence
  --json        one JSON document instead of tables
  --plot DIR    also writes services.svg and services.json there
`;

/** A part measures by itself, or in a lab that parts share. */
type Part =
  | { readonly lab: false; run(options: BenchOptions): Promise<readonly BenchRow[]> }
  | { readonly lab: true; run(lab: TestLab, options: BenchOptions): Promise<readonly BenchRow[]> };

/** In the order they run. */
const PARTS: Readonly<Record<string, () => Promise<Part>>> = {
  forward: () => sandboxed("traffic"),
  services: () => sandboxed("services"),
  dns: async () => ({ lab: false, run: (await import("./dns.ts")).run }),
  apiserver: async () => ({ lab: false, run: (await import("./apiserver.ts")).run }),
  startup: async () => ({ lab: false, run: (await import("./startup.ts")).run }),
  memory: async () => ({ lab: true, run: (await import("./memory.ts")).run }),
  latency: async () => ({ lab: true, run: (await import("./latency.ts")).run }),
  convergence: async () => ({ lab: true, run: (await import("./convergence.ts")).run }),
};

async function sandboxed(measurement: "traffic" | "services"): Promise<Part> {
  const { measureInSandbox } = await import("./forward/sandbox.ts");
  return { lab: false, run: (options) => measureInSandbox(measurement, options) };
}

interface PartResult {
  readonly part: string;
  readonly rows: readonly BenchRow[];
  /** Why there are no rows. */
  readonly failure?: string;
}

async function main(): Promise<number> {
  const options = parseOptions();
  if (!options) return 2;
  const results: PartResult[] = [];
  await using labs = createLabSource();
  for (const part of options.parts) {
    const result = await runPart(part, labs, { seconds: options.seconds });
    results.push(result);
    if (!options.json) process.stdout.write(`${part}\n${describe(result)}\n\n`);
  }
  const machine = machineFacts();
  const services = results.find(({ part, rows }) => part === "services" && rows.length > 0);
  if (options.plot !== undefined && services !== undefined) {
    await writePlot(options.plot, "services", { rows: services.rows, machine });
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  else process.stdout.write(`${JSON.stringify(machine)}\n`);
  return results.some((result) => result.failure !== undefined) ? 1 : 0;
}

interface Options {
  readonly seconds: number;
  readonly parts: readonly string[];
  readonly json: boolean;
  readonly plot: string | undefined;
}

function parseOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: "string", default: "5" },
        only: { type: "string", default: Object.keys(PARTS).join(",") },
        json: { type: "boolean", default: false },
        plot: { type: "string" },
      },
    });
    const seconds = Number(values.seconds);
    const parts = values.only.split(",");
    const unknown = parts.find((part) => !Object.hasOwn(PARTS, part));
    if (unknown !== undefined) throw new Error(`there is no part "${unknown}"`);
    if (!(seconds >= 1 && seconds <= 30)) throw new Error("--seconds must be 1 to 30");
    return { seconds, parts, json: values.json, plot: values.plot };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}`);
    return undefined;
  }
}

interface LabSource extends AsyncDisposable {
  get(): Promise<TestLab>;
}

/** One lab for all parts that want one, started when the first does. */
function createLabSource(): LabSource {
  let starting: Promise<TestLab> | undefined;
  return {
    get: () => (starting ??= startLab({ nodes: 3, files: [EXAMPLES] })),
    [Symbol.asyncDispose]: async () => {
      const lab = await starting?.catch(() => undefined);
      await lab?.[Symbol.asyncDispose]();
    },
  };
}

/** A part that fails or takes too long is told of, and the next one runs. */
async function runPart(name: string, labs: LabSource, options: BenchOptions): Promise<PartResult> {
  const limit = Promise.withResolvers<never>();
  const limitMs = LONG_PARTS.includes(name) ? LONG_PART_LIMIT_MS : PART_LIMIT_MS;
  const timer = setTimeout(() => {
    limit.reject(new Error(`took longer than ${limitMs / 1_000} s`));
  }, limitMs);
  try {
    const rows = await Promise.race([measure(name, labs, options), limit.promise]);
    return { part: name, rows };
  } catch (error) {
    return {
      part: name,
      rows: [],
      failure: error instanceof Error ? error.message : String(error),
    };
  } finally {
    clearTimeout(timer);
  }
}

async function measure(
  name: string,
  labs: LabSource,
  options: BenchOptions,
): Promise<readonly BenchRow[]> {
  const part = await PARTS[name]?.();
  if (!part) throw new Error(`there is no part "${name}"`);
  if (!part.lab) return part.run(options);
  const reason = whyNoLab();
  if (reason !== undefined) throw new Error(reason);
  return part.run(await labs.get(), options);
}

function describe({ rows, failure }: PartResult): string {
  return failure === undefined ? formatRows(rows) : `failed: ${failure}`;
}

function machineFacts(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / MIB),
    kernel: release(),
    node: process.version,
  };
}

process.exit(await main());
