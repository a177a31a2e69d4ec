import type { Contained } from "./containment.ts";

interface StreamEvent {
  readonly proxy: string;
  /** Number of the stream, unique in this process. */
  readonly stream: number;
}

export interface ResponseEvent extends StreamEvent {
  readonly typeUrl: string;
  readonly resources: number;
  readonly removed: number;
  readonly bytes: number;
}

export interface AcknowledgementEvent extends StreamEvent {
  readonly typeUrl: string;
  /** From the response to its acknowledgement. */
  readonly milliseconds: number;
  /** When the event was that the oldest change in it comes from, by the clock of `changedAt`. */
  readonly changedAt: number;
  /** From then to its acknowledgement. */
  readonly changeMilliseconds: number;
}

export interface RefusalEvent extends StreamEvent {
  readonly typeUrl: string;
  readonly names: readonly string[];
  readonly message: string;
}

/** A version of a resource that Envoy does not take. `version` is undefined if it is the removal that was refused. */
export interface RejectionEvent {
  readonly proxy: string;
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly message: string;
}

export interface SettledEvent extends StreamEvent {
  /** Since the first change that was not delivered before. */
  readonly milliseconds: number;
}

/** Told of what happens. All parts are optional; none may throw. */
export interface XdsObserver {
  streamOpened?(event: StreamEvent & { readonly node: string }): void;
  streamClosed?(event: StreamEvent & { readonly reason: string }): void;
  responseSent?(event: ResponseEvent): void;
  acknowledged?(event: AcknowledgementEvent): void;
  /** A NACK; those of its resources that are good are sent again. */
  refused?(event: RefusalEvent): void;
  /** Once for each version, by whichever Envoy of a proxy refuses it first. */
  rejected?(event: RejectionEvent): void;
  /** What of a rejected resource is to blame, while the rest of it is served. */
  contained?(event: Contained & { readonly proxy: string }): void;
  /** What was rejected is over: another version was taken, or the resource is gone. */
  accepted?(event: Omit<RejectionEvent, "message" | "version">): void;
  /** An Envoy has acknowledged all that it should have. Rejected versions count as delivered. */
  settled?(event: SettledEvent): void;
}
