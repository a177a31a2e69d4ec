/** Where parameters are, and the only kind that Gatewright reads any from. */
export const parametersGroup = "gatewright.dev";
export const parametersKind = "GatewayParameters";

/** Whether a `parametersRef` names what Gatewright reads parameters from. */
export function namesParameters({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  return group === parametersGroup && kind === parametersKind;
}
