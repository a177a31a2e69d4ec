import { isIP } from "node:net";
import { type CelFunc, CelScalar, celFunc, celMethod, listType } from "@bufbuild/cel";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/** Kubernetes' named formats that rules use: what a value must match, and its greatest length. */
const formats: Readonly<Record<string, { readonly expression: RegExp; readonly longest: number }>> = {
  dns1123Label: { expression: new RegExp(`^${label}$`), longest: 63 },
  dns1123Subdomain: { expression: new RegExp(`^${label}(\\.${label})*$`), longest: 253 },
  dns1035Label: { expression: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, longest: 63 },
  qualifiedName: { expression: new RegExp(`^(${label}(\\.${label})*/)?${qualified}$`), longest: 317 },
  labelValue: { expression: new RegExp(`^(${qualified})?$`), longest: 63 },
};

/**
 * What Kubernetes adds to CEL and @bufbuild/cel lacks: `isIP`, and `format.<name>().validate(value).hasValue()`, which
 * is true when the value breaks the format. A format is represented by its name, an optional by a list.
 */
export const kubernetesFunctions: readonly CelFunc[] = [
  celFunc("isIP", [CelScalar.STRING], CelScalar.BOOL, isPlainIP),
  ...Object.keys(formats).map((name) => celFunc(`format.${name}`, [], CelScalar.STRING, () => name)),
  celMethod("validate", CelScalar.STRING, [CelScalar.STRING], listType(CelScalar.STRING), formatMistakes),
  celMethod("hasValue", listType(CelScalar.DYN), [], CelScalar.BOOL, hasItems),
];

/** As Go's netip: no zone. */
export function isPlainIP(value: string): boolean {
  return isIP(value) !== 0 && !value.includes("%");
}

/** Whether a value has one of Kubernetes' named formats. */
export function hasFormat(
  name: "dns1123Label" | "dns1123Subdomain" | "dns1035Label" | "qualifiedName" | "labelValue",
  value: string,
): boolean {
  const format = formats[name];
  return format !== undefined && value.length <= format.longest && format.expression.test(value);
}

function formatMistakes(this: string, value: string): readonly string[] {
  const format = formats[this];
  const fits = format !== undefined && value.length <= format.longest && format.expression.test(value);
  return fits ? [] : [`${value} is no ${this}`];
}

function hasItems(this: { readonly size: number }): boolean {
  return this.size > 0;
}
