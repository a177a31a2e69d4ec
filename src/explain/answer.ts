import type { Decision } from "./decide.ts";
import type { Answer, BackendStep } from "./explanation.ts";
import { textOf } from "./request.ts";

/**
 * The answer in a sentence or two.
 *
 * @param backends of the rule that was chosen
 * @param problems of that rule
 */
export function answerOf(
  decision: Decision,
  backends: readonly BackendStep[],
  problems: readonly string[] = [],
): Answer {
  switch (decision.kind) {
    case "closed":
      return { by: "none", message: `The connection is closed: ${decision.choice.cause}.` };
    case "answered": {
      const { statusCode, location, cause } = decision.answer;
      return withGrpc(decision.answer.grpc, {
        by: "none",
        statusCode,
        ...(location !== undefined && { location: textOf(location) }),
        message:
          location === undefined
            ? `No rule is asked: ${cause}.`
            : `No rule is asked yet: ${cause}, so the client is sent to the path without it.`,
      });
    }
    case "misdirected": {
      const { hostname } = decision.choice;
      const connection = decision.chain.serverNames.join(", ") || "no listener's hostname";
      return withGrpc(decision.request.grpc, {
        by: "none",
        statusCode: 421,
        message: `The connection was made for ${connection}, and its host belongs to the listener for ${hostname}: the client has to ask again on a connection with that server name (SNI).`,
      });
    }
    case "no-rule":
      return withGrpc(decision.request.grpc, { by: "none", statusCode: 404, message: noRule(decision) });
    case "rule":
      return ofRule(decision, backends, problems);
  }
}

/** Of a rule that Envoy refuses. */
export function answerInPlace(decision: Decision, message: string): Answer {
  return withGrpc(decision.kind === "rule" && decision.request.grpc, {
    by: "response",
    statusCode: 500,
    message: `Envoy refuses the rule, so this stands in its place: ${message}.`,
  });
}

function noRule({ table, request }: Extract<Decision, { readonly kind: "no-rule" }>): string {
  const host = textOf(request.authority);
  const count = table?.rules.length ?? 0;
  if (count === 0) {
    return table === undefined || table.hostname === "*"
      ? `No route on this listener is for the host ${host}.`
      : `No route is attached for ${table.hostname}.`;
  }
  const whose = table?.hostname === "*" ? "every other host" : table?.hostname;
  return count === 1 ? `The one rule for ${whose} does not match.` : `None of the ${count} rules for ${whose} matches.`;
}

function ofRule(
  { outcome, request, rule, table }: Extract<Decision, { readonly kind: "rule" }>,
  backends: readonly BackendStep[],
  problems: readonly string[],
): Answer {
  switch (outcome.kind) {
    case "redirect": {
      const location = textOf(outcome.location);
      return { by: "redirect", statusCode: outcome.statusCode, location, message: `It is redirected to ${location}.` };
    }
    case "preflight":
      return {
        by: "response",
        statusCode: 200,
        message: "It is a CORS preflight, which is answered without asking a backend.",
      };
    case "respond":
      return withGrpc(request.grpc, {
        by: "response",
        statusCode: outcome.statusCode,
        message: [respondMessages[outcome.reason] ?? `The rule answers so (${outcome.reason}).`, ...problems].join(" "),
      });
    case "forward": {
      const able = backends.filter(({ endpoints }) => endpoints.some(({ state }) => state !== "not ready"));
      if (able.length > 0) {
        const lost = backends.filter((backend) => !able.includes(backend)).reduce((sum, one) => sum + one.percent, 0);
        const asked = rule.externalAuth !== undefined || (table.authorizations ?? []).length > 0;
        const rest = [
          ...(asked ? [" Only if it is authorized."] : []),
          ...(lost === 0 ? [] : [` ${Math.round(lost * 100) / 100} % of such requests fail.`]),
        ].join("");
        return { by: "backend", message: `It goes to ${able.map(({ name }) => name).join(" or ")}.${rest}` };
      }
      return withGrpc(request.grpc, {
        by: "backend",
        statusCode: 503,
        message: `It would go to ${backends.map(({ name }) => name).join(" or ")}, and there is no endpoint that is ready.`,
      });
    }
  }
}

/** What {@link RespondAction.reason} means. */
const respondMessages: Readonly<Record<string, string>> = {
  no_backend: "The rule has no backend with a weight above 0.",
  backend_not_resolved: "None of the rule's backends can be used.",
  filter_not_supported: "The rule has a filter that can't be done, so it serves nothing.",
  authorization_not_resolved: "Those who should authorize the request can't be asked, so nothing is served.",
};

/** Envoy's mapping of HTTP to gRPC: Http::Utility in `grpc/status.cc`. */
const grpcStatuses: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
]);

export function withGrpc(grpc: boolean, answer: Answer): Answer {
  if (!grpc || answer.statusCode === undefined) return answer;
  return { ...answer, grpcStatus: grpcStatuses.get(answer.statusCode) ?? 2 };
}
