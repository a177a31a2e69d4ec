import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { FieldPath } from "../origin.ts";
import type { Positioned } from "./positioned.ts";

/** A plain scalar that YAML 1.1, and so Kubernetes, reads as something else than YAML 1.2 does. */
export interface AmbiguousScalar {
  /** From `prefix` on. */
  readonly path: FieldPath;
  readonly source: string;
  readonly kubernetes: string;
}

/** All of them below a place of a document. Keys are left out: no field is called `on`. */
export function ambiguousScalars({ document }: Positioned, prefix: FieldPath): readonly AmbiguousScalar[] {
  const found: AmbiguousScalar[] = [];
  if (document.directives.yaml.version === "1.1") return found;
  visit(document.getIn(prefix, true), []);
  return found;

  function visit(node: unknown, path: FieldPath): void {
    if (isAlias(node)) return;
    if (isMap(node)) {
      for (const { key, value } of node.items) visit(value, [...path, isScalar(key) ? String(key.value) : ""]);
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) visit(item, [...path, index]);
    } else if (isScalar(node) && node.type === "PLAIN" && typeof node.source === "string") {
      const kubernetes = inYaml11(node.source);
      if (kubernetes !== undefined) found.push({ path, source: node.source, kubernetes });
    }
  }
}

/** @example inYaml11("on")  // "true", and inYaml11("0777") is "511" */
export function inYaml11(source: string): string | undefined {
  if (/^(?:y|Y|yes|Yes|YES|on|On|ON)$/.test(source)) return "true";
  if (/^(?:n|N|no|No|NO|off|Off|OFF)$/.test(source)) return "false";
  if (/^[-+]?0[0-7_]+$/.test(source)) return String(Number.parseInt(source.replaceAll("_", ""), 8));
  if (/^[-+]?0b[01_]+$/.test(source)) return String(Number.parseInt(source.replaceAll("_", "").replace("0b", ""), 2));
  if (/^[-+]?[1-9][0-9_]*_[0-9_]*$/.test(source)) return source.replaceAll("_", "");
  return undefined;
}
