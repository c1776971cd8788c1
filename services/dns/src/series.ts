import type { Kit } from "@kubehop/kit";

type Registry = Kit["metrics"];

/** Seconds; 0.25 ms doubled 16 times, as CoreDNS' plugin.TimeBuckets. */
export const TIME_BUCKETS: readonly number[] = Array.from(
  { length: 16 },
  (_, power) => 0.00025 * 2 ** power,
);

/** One counter of a family: a combination of label values. */
export interface CounterSeries {
  inc(amount?: number): void;
}

/** One histogram of a family. */
export interface HistogramSeries {
  observe(value: number): void;
}

/** The counters of a family, by the values of its labels. */
export type CounterFamily = (...labelValues: readonly string[]) => CounterSeries;

/** What a family of series is called and labelled with. */
export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

interface Sample {
  readonly value: number;
  readonly labels: Record<string, string | number>;
  readonly metricName?: string;
}

/**
 * Counters and histograms for the path of every query. prom-client looks a series up by its
 * hashed labels at every call; here a series is looked up once and kept. They are read through
 * the same registry.
 */
export function createCounterFamily(
  registry: Registry,
  options: FamilyOptions,
): (...labelValues: readonly string[]) => CounterSeries {
  const family = createFamily(options, () => createCounter());
  register(registry, options, "counter", () =>
    family.all().map(({ labels, series }) => ({ value: series.value(), labels })),
  );
  return family.child;
}

/** As createCounterFamily; `buckets` are upper bounds in rising order. */
export function createHistogramFamily(
  registry: Registry,
  options: FamilyOptions & { readonly buckets: readonly number[] },
): (...labelValues: readonly string[]) => HistogramSeries {
  const { name, buckets } = options;
  const family = createFamily(options, () => createHistogram(buckets));
  register(registry, options, "histogram", () =>
    family.all().flatMap(({ labels, series }) => series.samples(name, labels)),
  );
  return family.child;
}

interface Family<S> {
  child(...labelValues: readonly string[]): S;
  all(): { labels: Record<string, string>; series: S }[];
}

function createFamily<S>({ labelNames }: FamilyOptions, create: () => S): Family<S> {
  const children = new Map<string, { labels: Record<string, string>; series: S }>();
  return {
    child(...values) {
      const key = values.join("\0");
      let child = children.get(key);
      if (child === undefined) {
        const labels = Object.fromEntries(labelNames.map((name, i) => [name, values[i] ?? ""]));
        child = { labels, series: create() };
        children.set(key, child);
      }
      return child.series;
    },
    all: () => [...children.values()],
  };
}

function createCounter(): CounterSeries & { value(): number } {
  let count = 0;
  return {
    inc(amount = 1) {
      count += amount;
    },
    value: () => count,
  };
}

interface Histogram extends HistogramSeries {
  samples(name: string, labels: Record<string, string>): Sample[];
}

function createHistogram(buckets: readonly number[]): Histogram {
  const counts = new Float64Array(buckets.length);
  let total = 0;
  let sum = 0;
  return {
    observe(value) {
      total++;
      sum += value;
      let index = 0;
      while (index < buckets.length && value > (buckets[index] as number)) index++;
      if (index < buckets.length) counts[index] = (counts[index] as number) + 1;
    },
    samples(name, labels) {
      let below = 0;
      const bucketSamples = buckets.map((bound, index) => {
        below += counts[index] as number;
        return { value: below, labels: { ...labels, le: bound }, metricName: `${name}_bucket` };
      });
      return [
        ...bucketSamples,
        { value: total, labels: { ...labels, le: "+Inf" }, metricName: `${name}_bucket` },
        { value: sum, labels, metricName: `${name}_sum` },
        { value: total, labels, metricName: `${name}_count` },
      ];
    },
  };
}

/** prom-client's registry takes any object that gives its samples in this shape. */
function register(
  registry: Registry,
  { name, help }: FamilyOptions,
  type: "counter" | "histogram",
  samples: () => Sample[],
): void {
  const metric = {
    name,
    help,
    type,
    aggregator: "sum",
    get: async () => ({ name, help, type, values: samples(), aggregator: "sum" }),
  };
  registry.registerMetric(metric as unknown as Parameters<Registry["registerMetric"]>[0]);
}
