/** gRPC's codes of how a call ended, as far as the xDS server has use for them. */
export const grpcStatus = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

export type GrpcStatus = (typeof grpcStatus)[keyof typeof grpcStatus];

/**
 * How a call ended, as trailers. gRPC over HTTP/2, "Responses": of `grpc-message`, what is not printable ASCII, and `%`, is
 * percent-encoded; and nothing else, since not every client decodes all of it.
 */
export function statusTrailers(code: GrpcStatus, details: string): Readonly<Record<string, string>> {
  return { "grpc-status": String(code), "grpc-message": Array.from(Buffer.from(details), encoded).join("") };
}

function encoded(byte: number): string {
  const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
  return isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
