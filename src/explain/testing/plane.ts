import { ControlPlane } from "../../control-plane/control-plane.ts";
import { onThisMachine } from "../../gateway/placement.ts";
import { keyOf } from "../../resources/object.ts";
import { type ReadDocument, readDocuments } from "../../resources/read-documents.ts";

/** A control plane that holds the documents of one text, as a file of that name. */
export function planeOf(text: string, file = "test.yaml"): ControlPlane {
  const plane = new ControlPlane({ placement: onThisMachine("local"), systemCertificates: () => undefined });
  const documents = readDocuments(text, file);
  plane.apply({
    changes: documents.flatMap(changeOf),
    findings: new Map([[file, documents.flatMap(({ findings }) => findings)]]),
  });
  return plane;
}

function changeOf(document: ReadDocument) {
  const { object, reference } = document;
  if (object === undefined || reference === undefined) return [];
  return [{ object, reference, kind: object.kind, key: keyOf(object), locate: document.locate.bind(document) }];
}
