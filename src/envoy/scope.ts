import { create } from "@bufbuild/protobuf";
import { ads, WAIT_FOR_EVER } from "./ads.ts";
import { HeaderValueOption_HeaderAppendAction } from "./generated/envoy/config/core/v3/base_pb.ts";
import {
  type TypedExtensionConfig,
  TypedExtensionConfigSchema,
} from "./generated/envoy/config/core/v3/extension_pb.ts";
import {
  type ScopedRoutes,
  ScopedRoutesSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { pack } from "./message.ts";

/**
 * Header that carries the scope of a request inside the proxy. A client's own is overwritten, and no upstream sees it.
 *
 * One of those that Envoy finds in a request without looking (`INLINE_REQ_RESP_STRING_HEADERS` of its `header_map.h`): the first
 * look-up of any other one makes a map of all headers, which costs more the more headers a client sends. Of those it is one that
 * means nothing in a request (RFC 9209: it is of answers alone), and that Envoy does not take from clients by itself.
 */
export const SCOPE_HEADER = "proxy-status";

/**
 * First half of a scope key, without the characters that mean something in one: ":" ends a key, "/" ends its first half (a
 * Host header may hold one, and must not reach another chain's tables), "%" starts a format.
 *
 * @example scopePrefix("https-443/a.example.com")  // "https-443~1a.example.com/"
 */
export function scopePrefix(chain: string): string {
  return `${chain.replace(/[~/:%]/g, (character) => `~${"~/:%".indexOf(character)}`)}/`;
}

/** @example scopeKey("http-80", "*.example.com")  // "http-80/*.example.com" */
export function scopeKey(chain: string, hostname: string): string {
  return scopePrefix(chain) + hostname;
}

/** Overwrites the scope header with the chain and the Host of the request, before anything reads it. */
export function scopeMutation(chain: string): TypedExtensionConfig {
  return create(TypedExtensionConfigSchema, {
    name: "envoy.http.early_header_mutation.header_mutation",
    typedConfig: pack(HeaderMutationSchema, {
      mutations: [
        {
          action: {
            case: "append",
            value: {
              header: { key: SCOPE_HEADER, value: `${scopePrefix(chain)}%REQ(:AUTHORITY)%` },
              appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
            },
          },
        },
      ],
    }),
  });
}

/**
 * How every HTTP connection manager finds its tables: the value of the scope header up to the port.
 *
 * Byte for byte the same everywhere: Envoy shares one subscription among connection managers whose `ScopedRds` are equal, and
 * sends no scopes to one that differs.
 */
export function scopedRoutes(): ScopedRoutes {
  return create(ScopedRoutesSchema, {
    name: "gw",
    scopeKeyBuilder: {
      fragments: [
        {
          type: {
            case: "headerValueExtractor",
            value: { name: SCOPE_HEADER, elementSeparator: ":", extractType: { case: "index", value: 0 } },
          },
        },
      ],
    },
    rdsConfigSource: ads(WAIT_FOR_EVER),
    configSpecifier: { case: "scopedRds", value: { scopedRdsConfigSource: ads(WAIT_FOR_EVER) } },
  });
}
