/** Each resource that Envoy was sent, with its version and when Envoy took it: from its configuration dump. */
export function updatesOf(dump: unknown): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (!isObject(value)) return;
    const { version_info: version, last_updated: updated } = value;
    // Of all scopes together, there is no version.
    if (typeof updated === "string") found.push(`${names(value).join(" ")} ${String(version)} ${updated}`);
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(dump);
  return found.sort();
}

/** Of what an entry is about: its own, or its resource's. */
function names(entry: Readonly<Record<string, unknown>>): readonly string[] {
  return [entry, ...Object.values(entry)].flatMap((one) =>
    isObject(one) && typeof one["name"] === "string" ? [one["name"]] : [],
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
