import { fromBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema } from "../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { DeltaRequest } from "./protocol.ts";

/** Who sent a request. Envoy says so on the first request of a stream only. */
export interface NodeIdentity {
  readonly id: string;
  readonly cluster: string;
}

/**
 * Reads a DeltaDiscoveryRequest.
 *
 * @throws Error if the bytes are not one
 */
export function decodeRequest(bytes: Uint8Array): {
  readonly node: NodeIdentity | undefined;
  readonly request: DeltaRequest;
} {
  const message = fromBinary(DeltaDiscoveryRequestSchema, bytes, { readUnknownFields: false });
  return {
    node: message.node && { id: message.node.id, cluster: message.node.cluster },
    request: {
      typeUrl: message.typeUrl,
      subscribe: message.resourceNamesSubscribe,
      unsubscribe: message.resourceNamesUnsubscribe,
      initialVersions: new Map(Object.entries(message.initialResourceVersions)),
      nonce: message.responseNonce,
      ...(message.errorDetail && { error: message.errorDetail.message || "no reason given" }),
    },
  };
}
