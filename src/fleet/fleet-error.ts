/** What went wrong with Envoy as a process: no usable binary, or a place that it cannot run in. */
export type FleetErrorCode = "envoy-not-found" | "envoy-not-executable" | "envoy-download" | "runtime-directory";

/** An error of the fleet: `message` says what and why, `remedy` what to do about it. */
export class FleetError extends Error {
  readonly code: FleetErrorCode;
  readonly remedy: string | undefined;

  constructor(
    code: FleetErrorCode,
    message: string,
    options: { readonly remedy?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FleetError";
    this.code = code;
    this.remedy = options.remedy;
  }
}
