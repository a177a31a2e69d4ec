import type { Header, HeaderModifier } from "../ir/rule.ts";
import {
  HeaderValueOption_HeaderAppendAction,
  type HeaderValueOptionSchema,
} from "./generated/envoy/config/core/v3/base_pb.ts";
import type { Init } from "./message.ts";

interface RequestHeaders {
  readonly requestHeadersToAdd: Init<typeof HeaderValueOptionSchema>[];
  readonly requestHeadersToRemove: string[];
}

interface ResponseHeaders {
  readonly responseHeadersToAdd: Init<typeof HeaderValueOptionSchema>[];
  readonly responseHeadersToRemove: string[];
}

/**
 * What is removed, overwritten and appended in a request; Envoy does it in this order. `host` is left out: Envoy refuses it
 * here, and {@link hostFrom} finds it.
 */
export function requestHeaders(modifier: HeaderModifier | undefined): RequestHeaders {
  const { add, remove } = mutations(modifier);
  return { requestHeadersToAdd: add, requestHeadersToRemove: remove };
}

/** What is removed, overwritten and appended in a response. */
export function responseHeaders(modifier: HeaderModifier | undefined): ResponseHeaders {
  const { add, remove } = mutations(modifier);
  return { responseHeadersToAdd: add, responseHeadersToRemove: remove };
}

/** The Host that a header modifier sets, which to Envoy is a rewrite. */
export function hostFrom(modifier: HeaderModifier | undefined): string | undefined {
  return modifier?.set.findLast((header) => header.name.toLowerCase() === "host")?.value;
}

/**
 * Text that Envoy takes for what it is, not for a format with commands.
 *
 * @example literal("100%")  // "100%%"
 */
export function literal(text: string): string {
  return text.replaceAll("%", "%%");
}

function mutations(modifier: HeaderModifier | undefined) {
  const { APPEND_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  const { set, add, remove } = modifier ?? { set: [], add: [], remove: [] };
  return {
    add: [
      ...set.filter(mayChange).map(overwriting),
      ...add.filter(mayChange).map((header) => option(header, APPEND_IF_EXISTS_OR_ADD)),
    ],
    remove: remove.filter((name) => mayChange({ name })).map((name) => name.toLowerCase()),
  };
}

/** A header that replaces what is there. */
export function overwriting(header: Header): Init<typeof HeaderValueOptionSchema> {
  return option(header, HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD);
}

function mayChange({ name }: Pick<Header, "name">): boolean {
  return !name.startsWith(":") && name.toLowerCase() !== "host";
}

function option(
  { name, value }: Header,
  appendAction: HeaderValueOption_HeaderAppendAction,
): Init<typeof HeaderValueOptionSchema> {
  return { header: { key: name, value: literal(value) }, appendAction, keepEmptyValue: value === "" };
}
