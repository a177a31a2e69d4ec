import { type CelFunc, CelScalar, celFunc, celMethod, listType } from "@bufbuild/cel";
import { formats, isPlainIP } from "./formats.ts";

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

function formatMistakes(this: string, value: string): readonly string[] {
  const format = formats[this];
  const fits = format !== undefined && value.length <= format.longest && format.expression.test(value);
  return fits ? [] : [`${value} is no ${this}`];
}

function hasItems(this: { readonly size: number }): boolean {
  return this.size > 0;
}
