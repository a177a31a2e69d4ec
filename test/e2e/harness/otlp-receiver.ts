import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { findProgram } from "./programs.ts";
import { bounded } from "./wait.ts";

/** A span as the receiver took it. */
export interface Span {
  /** Its resource's `service.name`. */
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Headers of the export that it came with. */
  readonly metadata: Readonly<Record<string, readonly string[]>>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, string>>;
}

/** What `otlp-receiver` prints for each export: OTLP's JSON. */
interface Export {
  readonly metadata: Span["metadata"];
  readonly traces: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeSpans: readonly {
        readonly spans: readonly {
          readonly name: string;
          readonly traceId: string;
          readonly spanId: string;
          readonly parentSpanId?: string;
          readonly attributes: readonly Attribute[];
        }[];
      }[];
    }[];
  };
}

/** The OpenTelemetry collector's OTLP receiver (tools/otlp-receiver), gone after the test; and all spans that it has taken. */
export async function startOtlpReceiver(t: TestContext, grpc: string, http: string): Promise<readonly Span[]> {
  const program = findProgram("otlp-receiver");
  if (program === undefined) throw new Error("otlp-receiver not found");
  const child = spawn(program, [grpc, http], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  t.after(async () => {
    child.stdin.end();
    await bounded(exited, 10_000, "stopping otlp-receiver");
  });
  const spans: Span[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") resolve();
      else spans.push(...spansOf(JSON.parse(line)));
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("otlp-receiver ended")));
  });
  await bounded(ready, 30_000, "starting otlp-receiver");
  return spans;
}

function spansOf({ metadata, traces }: Export): readonly Span[] {
  return traces.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = "", attributes }) => ({
        service: record(resource.attributes)["service.name"] ?? "",
        name,
        traceId,
        spanId,
        parentSpanId,
        attributes: record(attributes),
        metadata,
      })),
    ),
  );
}

function record(attributes: readonly Attribute[]): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value).join()]));
}
