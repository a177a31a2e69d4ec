import type { Input } from "../collections/collection.ts";
import { type Refusal, refusalKey } from "../status/refusal.ts";
import type { XdsObserver } from "../xds/observer.ts";

/** Keeps what Envoys refuse, for status, and passes everything on. */
export function recordRefusals(refusals: Input<Refusal>, next: XdsObserver): XdsObserver {
  return {
    ...next,
    rejected: (event) => {
      const { proxy, typeUrl, name, message } = event;
      refusals.set(refusalKey(event), { proxy, typeUrl, name, whole: message, parts: [] });
      next.rejected?.(event);
    },
    contained: (event) => {
      refusals.set(refusalKey(event), event);
      next.contained?.(event);
    },
    accepted: (event) => {
      refusals.delete(refusalKey(event));
      next.accepted?.(event);
    },
  };
}
