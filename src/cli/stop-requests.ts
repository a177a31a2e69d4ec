import { EventEmitter, once } from "node:events";

/** Signals closer together than this, in milliseconds, are one request. */
const oneRequest = 500;

/** When somebody wants this process to end. */
export interface StopRequests {
  readonly first: Promise<void>;
  /** Asked again: now, whatever is under way. */
  readonly second: Promise<void>;
}

/**
 * Ctrl-C, SIGTERM, SIGHUP, or the end of the launcher that started this process.
 *
 * A terminal, `timeout` and systemd signal the whole process group, and the launcher passes on what it gets: so the same
 * request comes twice at nearly the same time, and counts once.
 *
 * @param now milliseconds on a clock that only runs forward
 */
export function stopRequests(
  source: Pick<NodeJS.Process, "on" | "once" | "connected"> = process,
  now: () => number = () => performance.now(),
): StopRequests {
  const events = new EventEmitter();
  let since: number | undefined;
  const request = (): void => {
    since ??= now();
    events.emit(now() - since < oneRequest ? "first" : "second");
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) source.on(signal, request);
  if (source.connected) source.once("disconnect", request);
  const until = async (name: "first" | "second"): Promise<void> => {
    await once(events, name);
  };
  return { first: until("first"), second: until("second") };
}
