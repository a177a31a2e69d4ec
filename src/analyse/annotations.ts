import { resourceKinds } from "../gateway/inputs.ts";
import type { Finding } from "../resources/finding.ts";
import { splitApiVersion } from "../resources/kinds.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { otherAnnotations } from "../resources/other-annotations.ts";
import { type Analysed, sorted } from "./analysed.ts";

/** Annotations that another controller reads, on objects that Gatewright serves. */
export function analyseAnnotations({ resources }: Analysed): readonly Finding[] {
  return resourceKinds.flatMap((kind) =>
    sorted<KubernetesObject>(resources[kind]).flatMap(([, { apiVersion, metadata }]) => {
      const { name, namespace, annotations = {} } = metadata;
      const { group } = splitApiVersion(apiVersion);
      const resource = { group, kind, name, ...(namespace !== undefined && { namespace }) };
      return otherAnnotations(annotations).map(
        ({ severity, code, message, remedy, path }): Finding => ({
          severity,
          code,
          message,
          ...(remedy !== undefined && { remedy }),
          origin: { resource, path },
        }),
      );
    }),
  );
}
