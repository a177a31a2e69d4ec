import { isIP } from "node:net";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/** Kubernetes' named formats: what a value must match, and its greatest length. */
export const formats: Readonly<Record<string, { readonly expression: RegExp; readonly longest: number }>> = {
  dns1123Label: { expression: new RegExp(`^${label}$`), longest: 63 },
  dns1123Subdomain: { expression: new RegExp(`^${label}(\\.${label})*$`), longest: 253 },
  dns1035Label: { expression: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, longest: 63 },
  qualifiedName: { expression: new RegExp(`^(${label}(\\.${label})*/)?${qualified}$`), longest: 317 },
  labelValue: { expression: new RegExp(`^(${qualified})?$`), longest: 63 },
};

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
