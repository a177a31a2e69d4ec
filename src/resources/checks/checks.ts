import type { ConfigMap, EndpointSlice, Endpoints, Secret, Service } from "../generated/core.ts";
import type { Gateway, GRPCRoute, HTTPRoute, ListenerSet, TLSRoute } from "../generated/gateway-api.ts";
import type { Mistake } from "../mistake.ts";
import type { KubernetesObject } from "../object.ts";
import { checkDataKeys } from "./data-keys.ts";
import { checkEndpointSlice } from "./endpoint-slice.ts";
import { checkEndpoints } from "./endpoints.ts";
import { checkHeaders } from "./headers.ts";
import { checkHostnames } from "./hostnames.ts";
import { checkOwnKeys } from "./own-keys.ts";
import { checkRegularExpressions } from "./regular-expressions.ts";
import { checkSecretData } from "./secret-data.ts";
import { checkService } from "./service.ts";
import { checkTlsSecret } from "./tls-secret.ts";

/** Finds in one valid object what no schema can see. */
export type Check<T extends KubernetesObject = KubernetesObject> = (object: T) => readonly Mistake[];

interface Checked {
  readonly ConfigMap: ConfigMap;
  readonly Endpoints: Endpoints;
  readonly EndpointSlice: EndpointSlice;
  readonly GRPCRoute: GRPCRoute;
  readonly Gateway: Gateway;
  readonly HTTPRoute: HTTPRoute;
  readonly ListenerSet: ListenerSet;
  readonly Secret: Secret;
  readonly Service: Service;
  readonly TLSRoute: TLSRoute;
}

const checks: { readonly [Kind in keyof Checked]: readonly Check<Checked[Kind]>[] } = {
  ConfigMap: [checkDataKeys],
  Endpoints: [checkEndpoints],
  EndpointSlice: [checkEndpointSlice],
  GRPCRoute: [checkRegularExpressions, checkHeaders, checkHostnames],
  Gateway: [checkHostnames],
  HTTPRoute: [checkRegularExpressions, checkHeaders, checkHostnames],
  ListenerSet: [checkHostnames],
  Secret: [checkDataKeys, checkSecretData, checkTlsSecret],
  Service: [checkService],
  TLSRoute: [checkHostnames],
};

/** Everything that the checks of its kind find in an object that its schema has accepted. */
export function check(object: KubernetesObject): readonly Mistake[] {
  return [...checkOwnKeys(object), ...(isChecked(object) ? run(object.kind, object) : [])];
}

function run<Kind extends keyof Checked>(kind: Kind, object: Checked[Kind]): readonly Mistake[] {
  return checks[kind].flatMap((one) => one(object));
}

/** The schema has made sure of everything else that the types say. */
function isChecked(object: KubernetesObject): object is Checked[keyof Checked] {
  return Object.hasOwn(checks, object.kind);
}
