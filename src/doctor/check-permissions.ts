import type { Finding } from "../resources/finding.ts";
import { type Check, problem, some } from "./facts.ts";
import { userOf } from "./read-permissions.ts";
import { type Permission, resourceName } from "./rights.ts";

/** May the controller do what it has to? */
export const checkPermissions: Check = {
  name: "Permissions",
  needs: ["SubjectAccessReview", "Deployment"],
  codes: ["missing-permission"],
  examine: ({ permissions = [] }) => {
    const denied = permissions.filter(({ allowed }) => !allowed);
    return {
      seen: permissions.length === 0 ? "nobody's were asked for" : `${permissions.length} rights of the controller`,
      findings: byAccount(denied).map(lacking),
    };
  },
};

function byAccount(denied: readonly Permission[]): readonly (readonly Permission[])[] {
  const accounts = new Map<string, Permission[]>();
  for (const permission of denied) {
    const key = `${permission.namespace}/${permission.serviceAccount}`;
    const known = accounts.get(key);
    if (known === undefined) accounts.set(key, [permission]);
    else known.push(permission);
  }
  return [...accounts.values()];
}

function lacking(denied: readonly Permission[]): Finding {
  const verbs = new Map<string, string[]>();
  for (const { right } of denied) {
    const name = resourceName(right) + (right.scope === "own" ? " in its own namespace" : "");
    verbs.set(name, [...(verbs.get(name) ?? []), right.verb]);
  }
  const list = [...verbs.entries()].map(([name, of]) => `${of.join(", ")} ${name}`);
  const [{ namespace, serviceAccount, right } = { namespace: "", serviceAccount: "", right: undefined }] = denied;
  const where = right?.scope === "own" ? `-n ${namespace}` : "-A";
  const subresource = right?.subresource === undefined ? "" : ` --subresource=${right.subresource}`;
  const what = right === undefined ? "" : resourceName({ ...right, subresource: undefined });
  const ask = `kubectl auth can-i ${right?.verb ?? ""} ${what}${subresource} --as=${userOf(namespace, serviceAccount)} ${where}`;
  return problem(
    "missing-permission",
    { group: "", kind: "ServiceAccount", namespace, name: serviceAccount },
    `The controller may not do ${denied.length} of the things that it has to: ${some(list, 6)}.`,
    `Its ClusterRole and Role, or their bindings, have been changed or are of another version: install them again (helm upgrade, or kubectl apply --server-side -f manifests/gatewright.yaml). Ask with: ${ask}`,
  );
}
