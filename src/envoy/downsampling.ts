import type { Share } from "../ir/tracing.ts";
import type { ExprSchema } from "./generated/cel/expr/syntax_pb.ts";
import type { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import { CELSamplerConfigSchema } from "./generated/envoy/extensions/tracers/opentelemetry/samplers/v3/cel_sampler_pb.ts";
import { type Init, pack } from "./message.ts";

type Expression = Init<typeof ExprSchema>;

/**
 * Records a share of new traces, and another share of those that a client records: what none of Envoy's samplers does but the
 * one that is told in an expression of the Common Expression Language.
 *
 * A client's trace is chosen by digits of its id that are random (W3C Trace Context, "trace-id"), so that every proxy with
 * the same share chooses the same traces; a new one by digits of the request's id, which Envoy makes for every request.
 */
export function downsampling(ofNew: Share, ofParents: Share): Init<typeof TypedExtensionConfigSchema> {
  const parent = header("traceparent");
  const expr = call("_?_:_", [
    call("@in", [text("traceparent"), headers()]),
    call("_&&_", [matches(parent, "[13579bdf]$"), chosen(header("traceparent"), beforeRandomDigits, ofParents)]),
    chosen(header("x-request-id"), "^", ofNew),
  ]);
  return {
    name: "envoy.tracers.opentelemetry.samplers.cel",
    typedConfig: pack(CELSamplerConfigSchema, { expression: { celExprParsed: { expr } } }),
  };
}

/** Of `00-<32 digits>-<16 digits>-<flags>`: the last 14 of the 32 are random, whoever made them. */
const beforeRandomDigits = "^\\C{21}";

/** How many hexadecimal digits decide: a share is exact to a millionth. */
const digits = 5;

/** Whether the digits after `before` are one of the share. */
function chosen(id: Expression, before: string, { numerator, denominator }: Share): Expression {
  const threshold = Math.round((numerator * 16 ** digits) / denominator);
  if (threshold <= 0) return constant(false);
  if (threshold >= 16 ** digits) return constant(true);
  return matches(id, `${before}(?:${below(threshold.toString(16).padStart(digits, "0"))})`);
}

/**
 * A regular expression for the beginnings of hexadecimal numbers that are less than this one.
 *
 * @example below("80000")  // "[01234567]"
 * @example below("24000")  // "[01]|2(?:[0123])"
 */
export function below(number: string): string {
  const significant = number.replace(/0+$/, "");
  const first = significant.charAt(0);
  const smaller = first === "0" || first === "" ? [] : [`[${"0123456789abcdef".slice(0, Number.parseInt(first, 16))}]`];
  const rest = significant.slice(1);
  return [...smaller, ...(rest === "" ? [] : [`${first}(?:${below(rest)})`])].join("|");
}

function headers(): Expression {
  const request: Expression = { exprKind: { case: "identExpr", value: { name: "request" } } };
  return { exprKind: { case: "selectExpr", value: { operand: request, field: "headers" } } };
}

function header(name: string): Expression {
  return call("_[_]", [headers(), text(name)]);
}

function matches(subject: Expression, pattern: string): Expression {
  return call("matches", [subject, text(pattern)]);
}

function call(name: string, args: readonly Expression[]): Expression {
  return { exprKind: { case: "callExpr", value: { function: name, args: [...args] } } };
}

function text(value: string): Expression {
  return { exprKind: { case: "constExpr", value: { constantKind: { case: "stringValue", value } } } };
}

function constant(value: boolean): Expression {
  return { exprKind: { case: "constExpr", value: { constantKind: { case: "boolValue", value } } } };
}
