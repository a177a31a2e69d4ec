import { readFileSync } from "node:fs";
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
  fromJson,
  fromJsonString,
  type JsonObject,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  type Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type Backend, podOf, type RunningBackend } from "./backend.ts";

const services = new URL("generated/services.json", import.meta.url);

/** The demo services of examples/backends/proto. */
export function demoServices(): FileRegistry {
  return createFileRegistry(fromJsonString(FileDescriptorSetSchema, readFileSync(services, "utf8")));
}

/** How grpc-js calls or serves a service; messages are plain JSON objects. */
export function grpcDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map((method) => [method.name, methodDefinition(service, method)]));
}

/**
 * Serves every demo gRPC service in plaintext HTTP/2. Each answer repeats the fields of its request and says in `server`
 * who answered and which metadata came.
 *
 * A request with the metadata `x-demo-code: N` is answered with that status code.
 */
export async function startGrpcEcho(
  backend: Backend,
  options: { readonly onRequest?: (method: string) => void } = {},
): Promise<RunningBackend> {
  const server = new Server();
  for (const type of demoServices()) {
    if (type.kind === "service") {
      server.addService(grpcDefinition(type), implementation(backend, type, options.onRequest ?? (() => {})));
    }
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${backend.host}:${backend.port}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return {
    backend,
    close: async () => server.forceShutdown(),
  };
}

function methodDefinition(service: DescService, method: DescMethod): MethodDefinition<JsonValue, JsonValue> {
  const input = codec(method.input);
  const output = codec(method.output);
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: input.serialize,
    requestDeserialize: input.deserialize,
    responseSerialize: output.serialize,
    responseDeserialize: output.deserialize,
  };
}

function codec(message: DescMessage) {
  return {
    serialize: (value: JsonValue) => Buffer.from(toBinary(message, fromJson(message, value))),
    deserialize: (bytes: Buffer) => toJson(message, fromBinary(message, bytes)),
  };
}

function implementation(
  backend: Backend,
  service: DescService,
  onRequest: (method: string) => void,
): UntypedServiceImplementation {
  return Object.fromEntries(
    service.methods.map((method): [string, UntypedHandleCall] => {
      const reply = (request: JsonValue, metadata: Metadata) => {
        onRequest(`${service.typeName}/${method.name}`);
        return answer(backend, method.output, request, metadata);
      };
      return [method.name, handler(method, reply)];
    }),
  );
}

type Reply = (request: JsonValue, metadata: Metadata) => JsonValue;

function handler(method: DescMethod, reply: Reply): UntypedHandleCall {
  if (method.methodKind === "unary") {
    return (
      call: { request: JsonValue; metadata: Metadata },
      callback: (error: object | null, value?: JsonValue) => void,
    ) => {
      const [code] = call.metadata.get("x-demo-code");
      if (code === undefined) callback(null, reply(call.request, call.metadata));
      else callback({ code: Number(code), details: "as the request asked" });
    };
  }
  if (method.methodKind === "server_streaming") {
    return (call: { request: JsonObject; metadata: Metadata; write(value: JsonValue): void; end(): void }) => {
      const count = Number(call.request["count"] ?? 3);
      for (let index = 1; index <= count; index++) call.write(reply({ userId: String(index) }, call.metadata));
      call.end();
    };
  }
  return (call: NodeJS.EventEmitter & { metadata: Metadata; write(value: JsonValue): void; end(): void }) => {
    call.on("data", (request: JsonValue) => call.write(reply(request, call.metadata)));
    call.on("end", () => call.end());
  };
}

function answer(backend: Backend, message: DescMessage, request: JsonValue, metadata: Metadata): JsonValue {
  const headers = Object.keys(metadata.getMap()).map((name) => [name, metadata.get(name).map(String).join(", ")]);
  const server = { service: backend.service, pod: podOf(backend), headers: Object.fromEntries(headers) };
  const known = fromJson(message, request, { ignoreUnknownFields: true });
  return { ...jsonObject(toJson(message, create(message, known))), server };
}

function jsonObject(value: JsonValue): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
