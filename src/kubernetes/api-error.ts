/** The reasons that somebody decides on. The API server has more, and may grow others. */
export type ApiErrorReason =
  | "AlreadyExists"
  | "BadRequest"
  | "Conflict"
  | "Expired"
  | "Forbidden"
  | "Invalid"
  | "NotFound"
  | "Timeout"
  | "TooManyRequests"
  | "Unauthorized"
  /** No answer: the server can't be reached, or the connection broke. */
  | "Unreachable"
  | (string & {});

export interface ApiErrorDetails {
  readonly reason: ApiErrorReason;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** When the server wants to be asked again. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** What an API server answered instead of what it was asked for, or that it did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly reason: ApiErrorReason;
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { reason, status, retryAfterMs, cause }: ApiErrorDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.reason = reason;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** @example isReason(error, "Conflict") */
export function isReason(error: unknown, ...reasons: readonly ApiErrorReason[]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason);
}

/**
 * Reads the `Status` that an API server answers with; proxies in between answer with other things.
 *
 * @param what the request, for the message: `GET /api/v1/secrets`
 */
export function apiErrorOf(what: string, status: number, body: unknown, retryAfter?: string): ApiError {
  const { reason, message, details } = statusOf(body);
  const seconds = details?.retryAfterSeconds ?? Number(retryAfter);
  return new ApiError(`${what}: ${message ?? `the answer is HTTP ${status}`}`, {
    reason: reason ?? reasons[status] ?? "Unknown",
    status,
    ...(Number.isFinite(seconds) && { retryAfterMs: seconds * 1000 }),
  });
}

/** For answers without a reason: an `ERROR` event carries a Status whose reason may be empty. */
const reasons: Readonly<Record<number, ApiErrorReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  422: "Invalid",
  429: "TooManyRequests",
  504: "Timeout",
};

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

function statusOf(body: unknown): Status {
  if (!isStatus(body)) return {};
  // 410 has two reasons; both mean that the version asked for is no longer kept.
  const { reason, ...rest } = body;
  if (reason === undefined || reason === "") return rest;
  return { ...rest, reason: reason === "Gone" ? "Expired" : reason };
}

function isStatus(body: unknown): body is Status {
  return typeof body === "object" && body !== null && "kind" in body && body.kind === "Status";
}
