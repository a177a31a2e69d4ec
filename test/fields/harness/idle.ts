import { deepEqual } from "../../../src/collections/equal.ts";
import type { Finding } from "../../../src/resources/finding.ts";
import { formatPath } from "../../../src/resources/origin.ts";
import type { Json } from "../../../src/resources/schema.ts";
import { validateObject } from "../../../src/resources/validate-object.ts";
import { matters, names } from "./account.ts";
import type { Area } from "./areas.ts";
import { areAlike, withoutEffect } from "./document.ts";
import { replaced } from "./leaves.ts";
import { otherValues } from "./other-values.ts";
import { places, type Stage } from "./stage.ts";
import { leavesIn, mistakesIn, nameOf, saysOf, stageOf, type Trial } from "./trials.ts";

/** Codes of findings that say of a field, with all that is in it, that it does nothing where it stands. */
const idleCodes: readonly string[] = [
  "duplicate-header",
  "hostname-not-served",
  "kind-not-served",
  "no-endpoints",
  "not-enforced",
  "not-supported",
];

/**
 * Fields of an area that can be set to something else without a difference, where nobody says so: each where it stands, to each other
 * value that may stand there, on a machine and in a cluster.
 */
export function forgottenFields(area: Area): readonly string[] {
  const stage = stageOf(area);
  const forgottenHere = leavesIn(area)
    .filter(({ leaf, document }) => {
      const without = withoutEffect(document.object.kind, leaf.path);
      return leaf.at[0] !== "metadata" && (without === undefined || without.alike !== undefined);
    })
    .flatMap((trial) => forgotten(stage, trial, area.file));
  stage.finish();
  return forgottenHere;
}

function forgotten(stage: Stage, trial: Trial, file: string): readonly string[] {
  const { document, leaf } = trial;
  const own = mistakesIn(document.value, document.object);
  const quiet = places.filter((_, index) => {
    const said = [...own, ...(stage.findings()[index] ?? [])];
    return !said.some((finding) => idleCodes.includes(finding.code) && saysOf(finding, trial));
  });
  const where = `${file}: ${formatPath(leaf.at)} of ${nameOf(document.object)}`;
  return otherValues(leaf.value, leaf.schema).flatMap((other) => {
    if (areAlike(withoutEffect(document.object.kind, leaf.path), [leaf.value, other])) return [];
    const idle = idlePlaces(stage, trial, replaced(document.value, leaf.at, other), own);
    return idle
      .filter((place) => quiet.includes(place))
      .map(
        (place) =>
          `${where}: ${JSON.stringify(leaf.value)} or ${other === undefined ? "nothing" : JSON.stringify(other)} is the same ${place}`,
      );
  });
}

/** Where a change of a document makes no difference. */
function idlePlaces(
  stage: Stage,
  { document, leaf }: Trial,
  changed: Json,
  own: readonly Finding[],
): readonly (typeof places)[number][] {
  const { object: after } = validateObject(changed);
  if (after === undefined || deepEqual(after, document.object)) return [];
  const told = mistakesIn(changed, document.object).some(
    (mistake) => names(mistake, leaf.path) && !own.some(({ message }) => message === mistake.message),
  );
  if (told) return [];
  return stage.differenceBy({ before: document.object, after }, (differences) =>
    places.filter((_, index) => {
      const difference = differences[index];
      return (
        difference !== undefined &&
        !matters(difference) &&
        !difference.findings().some((finding) => names(finding, leaf.path))
      );
    }),
  );
}
