import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Upper bounds in seconds. */
export const secondsBuckets: readonly number[] = [
  0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30,
];

/** One metric, as docs/metrics.md has it. */
export interface Definition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

/** Names and units are Prometheus' conventions; `promtool check metrics` agrees in a test. */
export class Instruments {
  readonly registry: Registry;
  readonly #definitions: Definition[] = [];

  constructor(registry: Registry) {
    this.registry = registry;
  }

  /** All that were made, in order. */
  get definitions(): readonly Definition[] {
    return this.#definitions;
  }

  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    this.#definitions.push({ name, type: "counter", help, labels: labelNames });
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  /** One that somebody else counts, and that is read when it is scraped: `collect` tells every count since the start. */
  countedElsewhere<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    collect: (tell: (count: number, labels: Readonly<Partial<Record<Label, string>>>) => void) => void,
  ): Counter<Label> {
    this.#definitions.push({ name, type: "counter", help, labels: labelNames });
    return new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        collect((count, labels) => this.inc({ ...labels }, count));
      },
    });
  }

  histogram<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Histogram<Label> {
    this.#definitions.push({ name, type: "histogram", help, labels: labelNames });
    const buckets = [...secondsBuckets];
    return new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [this.registry] });
  }

  /** Whose values are read when it is scraped: whatever `collect` does not set is not there. */
  gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    collect: (set: (value: number, labels?: Readonly<Partial<Record<Label, string>>>) => void) => void,
  ): Gauge<Label> {
    this.#definitions.push({ name, type: "gauge", help, labels: labelNames });
    return new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        collect((value, labels) => (labels === undefined ? this.set(value) : this.set({ ...labels }, value)));
      },
    });
  }
}
