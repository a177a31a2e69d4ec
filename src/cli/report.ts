import type { LogFormat } from "../admin/log-options.ts";
import type { Change } from "../collections/collection.ts";
import type { LogFields, Logger } from "../fleet/logger.ts";
import type { Finding } from "../resources/finding.ts";
import { formatReference, type Origin, type ResourceReference, type SourceLocation } from "../resources/origin.ts";
import type { ResourceBatch, ResourceChange } from "../sources/source.ts";
import type { ObjectStatus } from "../status/object-status.ts";
import { problemsOf } from "../status/problems.ts";
import { findingJson, type Output, printFindings } from "./print-findings.ts";

/** More lines than this for one change bury what matters. */
const mostLines = 20;

export interface ReporterOptions {
  readonly logger: Logger;
  readonly format: LogFormat;
  /** Where findings go as text. */
  readonly output: Output;
  readonly locate: (origin: Origin) => SourceLocation | undefined;
}

/** Tells a person, or a machine that reads logs, what became of each change. */
export class Reporter {
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** What is wrong with what was written. */
  findings(findings: readonly Finding[]): void {
    const { format, logger, output } = this.#options;
    if (format === "text") {
      printFindings(findings, output);
      return;
    }
    for (const finding of findings) {
      const { severity, message, file, line, column, ...rest } = findingJson(finding);
      const at = file === undefined ? {} : { at: [file, line, column].join(":") };
      logger[severity === "error" ? "error" : "warn"]({ ...at, ...rest }, message);
    }
  }

  /** Which objects were taken in. */
  changes({ changes }: Pick<ResourceBatch, "changes">): void {
    if (changes.length <= mostLines) for (const change of changes) this.#change(change);
    else {
      const applied = changes.filter(({ object }) => object !== undefined).length;
      const removed = changes.length - applied;
      this.#options.logger.info({ applied, removed }, `${applied} objects applied, ${removed} removed`);
    }
  }

  /** What the status of objects complains about since this change, and what is mended. */
  statuses(changes: readonly Change<ObjectStatus>[]): void {
    const told = changes.flatMap((change) => complaintsOf(change) ?? []);
    for (const { reference, complaints } of told.slice(0, mostLines)) this.#complaints(reference, complaints);
    if (told.length > mostLines) {
      const more = told.length - mostLines;
      this.#options.logger.warn({ more }, `and ${more} more objects; gatewright get KIND -o wide lists them`);
    }
  }

  #change({ reference, object }: ResourceChange): void {
    const what = object === undefined ? "removed" : "applied";
    this.#options.logger.info(this.#fields({ object: reference }), `${formatReference(reference)} ${what}`);
  }

  #complaints(reference: ResourceReference, complaints: readonly string[]): void {
    const { logger, locate } = this.#options;
    const location = locate({ resource: reference, path: [] });
    const at = location === undefined ? undefined : `${location.file}:${location.line}:${location.column}`;
    const fields = this.#fields({ object: reference, at });
    const name = `${formatReference(reference)}${at === undefined ? "" : ` (${at})`}`;
    if (complaints.length === 0) logger.info(fields, `${name}: in order again`);
    for (const complaint of complaints) logger.warn(fields, `${name}: ${complaint}`);
  }

  /** In text, the message says it all. */
  #fields(fields: LogFields): LogFields {
    return this.#options.format === "text" ? {} : fields;
  }
}

interface Complaints {
  readonly reference: ResourceReference;
  /** None: it is mended. */
  readonly complaints: readonly string[];
}

function complaintsOf({ before, after }: Change<ObjectStatus>): Complaints | undefined {
  if (after === undefined) return undefined;
  const old = before === undefined ? [] : texts(before);
  const now = texts(after);
  const complaints = now.filter((complaint) => !old.includes(complaint));
  return complaints.length > 0 || (now.length === 0 && old.length > 0)
    ? { reference: after.reference, complaints }
    : undefined;
}

/** Each message once: a Gateway repeats what its listeners say. */
function texts(status: ObjectStatus): readonly string[] {
  const problems = problemsOf(status);
  const parts = problems.filter(({ part }) => part !== "");
  const told = new Map<string, string>();
  for (const { part, condition } of parts.length > 0 ? parts : problems) {
    if (told.has(condition.message)) continue;
    told.set(condition.message, `${part === "" ? "" : `${part}: `}${condition.reason}: ${condition.message}`);
  }
  return [...told.values()];
}
