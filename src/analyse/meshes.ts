import { acceptMesh } from "../gateway/mesh.ts";
import { experimentalGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { type Analysed, sorted } from "./analysed.ts";

/** Meshes of ours: nobody should take one for served because nothing was said about it. */
export function analyseMeshes({ resources }: Analysed): readonly Finding[] {
  return sorted(resources.XMesh).flatMap(([, mesh]): readonly Finding[] => {
    const accepted = acceptMesh(mesh);
    if (accepted === undefined) return [];
    const resource = { group: experimentalGroup, kind: "XMesh", name: mesh.metadata.name };
    const message = `XMesh ${mesh.metadata.name} has no effect. ${accepted.message}`;
    return [{ severity: "warning", code: "kind-not-served", message, origin: { resource, path: ["spec"] } }];
  });
}
