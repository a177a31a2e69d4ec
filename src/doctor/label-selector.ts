import { unmetRequirement } from "../gateway/allowed-routes.ts";
import { field, list, text } from "../resources/field.ts";
import { labelsAt } from "./facts.ts";

/** Whether a LabelSelector of any object, as the API server has it, selects these labels. An empty or absent one selects all. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const matchExpressions = list(field(selector, "matchExpressions")).map((expression) => ({
    key: text(field(expression, "key")),
    operator: text(field(expression, "operator")),
    values: list(field(expression, "values")).map(text),
  }));
  return unmetRequirement({ matchLabels: labelsAt(selector, "matchLabels"), matchExpressions }, labels) === undefined;
}
