import { STATUS_CODES } from "node:http";
import type {
  Answer,
  BackendStep,
  Candidate,
  Explanation,
  ListenerStep,
  Place,
  RuleStep,
} from "../explain/explanation.ts";
import { formatReference } from "../resources/origin.ts";
import { table } from "./table.ts";

/** Candidates of each kind that are printed; the rest is counted, and in the JSON. */
const mostCandidates = 8;

/** An explanation for a person. */
export function explanationLines(explanation: Explanation, colours: boolean): readonly string[] {
  const { request, answer, listener, host, path, rule, backends, candidates, notes } = explanation;
  const paint = (style: keyof typeof styles, text: string): string =>
    colours ? `${styles[style]}${text}\u001b[0m` : text;
  const rows = [
    ...(listener === undefined ? [] : listenerRows(listener, request.serverName)),
    ...(host === undefined ? [] : [["Host", host.host, host.message]]),
    ...(path === undefined
      ? []
      : [["Path", path.path, path.changes.length === 0 ? "" : `from ${path.asked}: ${path.changes.join("; ")}`]]),
    ...(rule === undefined ? [] : ruleRows(rule)),
    ...(backends ?? []).flatMap((backend, index) => backendRows(backend, index)),
  ];
  return [
    paint("bold", request.method === undefined ? request.url : `${request.method} ${request.url}`),
    "",
    `${paint(isServed(answer) ? "good" : "bad", statusText(answer))}${answer.message}`,
    ...(rows.length === 0 ? [] : ["", ...table(rows)]),
    ...notes.flatMap((note) => ["", note]),
    ...candidateLines(candidates, paint),
  ];
}

/** Whether the request gets what a route promises: the exit code of `explain`. */
export function isServed({ by, statusCode = 200 }: Answer): boolean {
  return by !== "none" && statusCode < 400;
}

function statusText({ statusCode, grpcStatus }: Answer): string {
  if (statusCode === undefined) return "";
  const grpc = grpcStatus === undefined ? "" : ` (gRPC status ${grpcStatus})`;
  return `${statusCode} ${STATUS_CODES[statusCode] ?? ""}${grpc}. `;
}

function listenerRows({ address, protocol, serverNames, listeners }: ListenerStep, sni: string | undefined) {
  const [first, ...more] = listeners;
  const chosen = serverNames.length === 0 ? "" : `, chosen by ${serverNames.join(", ")}`;
  return [
    ["Listener", address, `${protocol}${sni === undefined ? "" : ` for server name ${sni}${chosen}`}`],
    ...(first === undefined
      ? []
      : [
          [
            "",
            `"${first.name}" of ${first.gateway}`,
            `${placeText(first.place)}${more.length === 0 ? "" : `, and ${more.length} more on the port`}`,
          ],
        ]),
  ];
}

function ruleRows({ name, match, place, steps }: RuleStep): readonly (readonly string[])[] {
  return [
    ["Rule", name, placeText(place)],
    ["", match, ""],
    ...steps.map(({ message }, index) => [index === 0 ? "Filters" : "", message, ""]),
  ];
}

function backendRows(backend: BackendStep, index: number): readonly (readonly string[])[] {
  const { name, percent, place, host, path, endpoints, policies, problem } = backend;
  const known = endpoints.map(({ address, state }) => (state === "ready" ? address : `${address} (${state})`));
  const where = problem ?? (known.length === 0 ? "no endpoints" : known.join(", "));
  return [
    [index === 0 ? "Backends" : "", `${percent} % ${name}`, placeText(place)],
    ["", where, problem === undefined && path !== undefined ? `as ${host ?? ""}${path}` : ""],
    ...policies.map((policy) => ["", policy.message, policy.place === undefined ? "" : placeText(policy.place)]),
  ];
}

function candidateLines(
  candidates: readonly Candidate[],
  paint: (style: keyof typeof styles, text: string) => string,
): readonly string[] {
  const headings: Readonly<Record<Candidate["kind"], string>> = {
    rule: "Other rules for this host:",
    route: "Routes that would match:",
    listener: "Listeners:",
    document: "Documents that are not served as they stand:",
  };
  return (["route", "rule", "listener", "document"] as const).flatMap((kind) => {
    const ofKind = candidates.filter((candidate) => candidate.kind === kind);
    if (ofKind.length === 0) return [];
    const shown = ofKind.slice(0, mostCandidates);
    const rest = ofKind.length - shown.length;
    return [
      "",
      headings[kind],
      ...shown.flatMap(({ name, message, place }) => [
        `  ${name}  ${paint("dim", placeText(place))}`,
        `    ${message}`,
      ]),
      ...(rest === 0 ? [] : [`  and ${rest} more; --output json has all`]),
    ];
  });
}

/** @example "routes.yaml:14:7" */
function placeText({ resource, field, location }: Place): string {
  if (location !== undefined) return `${location.file}:${location.line}:${location.column}`;
  return `${formatReference(resource)}${field === "" ? "" : ` ${field}`}`;
}

const styles = { bold: "\u001b[1m", dim: "\u001b[2m", good: "\u001b[32m", bad: "\u001b[31m" } as const;
