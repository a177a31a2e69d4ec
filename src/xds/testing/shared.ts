import type { SharedMap } from "../overlay.ts";

/** A map that overlays may stand on. Whoever changes it tells them. */
export class Shared<Resource> extends Map<string, Resource> implements SharedMap<Resource> {
  places(): ReadonlyMap<string, number> {
    return new Map([...this.keys()].map((name, place) => [name, place]));
  }
}
