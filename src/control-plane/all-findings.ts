import { analyseAll } from "../analyse/analyse.ts";
import type { Finding } from "../resources/finding.ts";
import type { ControlPlane } from "./control-plane.ts";

/** What there is to say about each document, and about what they say of each other, with where that is written. */
export function allFindings(controlPlane: ControlPlane): readonly Finding[] {
  const between = analyseAll(controlPlane).map((finding) => {
    const location = finding.origin && controlPlane.locate(finding.origin);
    return location === undefined ? finding : { ...finding, location };
  });
  return [...controlPlane.findings(), ...between];
}
