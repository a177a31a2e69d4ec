import type { Any } from "@bufbuild/protobuf/wkt";
import type { SessionPersistence } from "../ir/rule.ts";
import {
  StatefulSessionPerRouteSchema,
  StatefulSessionSchema,
} from "./generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import type { HttpFilterSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { CookieBasedSessionStateSchema } from "./generated/envoy/extensions/http/stateful_session/cookie/v3/cookie_pb.ts";
import { HeaderBasedSessionStateSchema } from "./generated/envoy/extensions/http/stateful_session/header/v3/header_pb.ts";
import { duration, type Init, pack } from "./message.ts";

/** Name of the filter, and of a destination's configuration of it. */
export const SESSION_PERSISTENCE = "session-persistence";

/** Does nothing until a destination configures it. */
export function sessionPersistenceFilter(): Init<typeof HttpFilterSchema> {
  return { name: SESSION_PERSISTENCE, configType: { case: "typedConfig", value: pack(StatefulSessionSchema, {}) } };
}

/**
 * Gateway API, SessionPersistence: the answer tells the client which endpoint it came from, in a cookie or header, and further
 * requests that bring it go there as long as the endpoint is healthy. Otherwise another takes over, and says so.
 */
export function sessionPersistence(session: SessionPersistence): Any {
  return pack(StatefulSessionPerRouteSchema, {
    override: { case: "statefulSession", value: { sessionState: sessionState(session) } },
  });
}

function sessionState(session: SessionPersistence): Init<typeof StatefulSessionSchema>["sessionState"] {
  switch (session.kind) {
    case "cookie":
      return {
        name: "envoy.http.stateful_session.cookie",
        typedConfig: pack(CookieBasedSessionStateSchema, {
          cookie: {
            name: session.name,
            path: session.path,
            ...(session.secure === true && { attributes: [{ name: "Secure" }] }),
            ...(session.lifetimeMilliseconds !== undefined && { ttl: duration(session.lifetimeMilliseconds) }),
          },
        }),
      };
    case "header":
      return {
        name: "envoy.http.stateful_session.header",
        typedConfig: pack(HeaderBasedSessionStateSchema, { name: session.name }),
      };
  }
}
