import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import { demoServices, grpcDefinition } from "../../../examples/backends/grpc-echo.ts";
import { type Output, root, run } from "./programs.ts";

/** What the demo services answer, as far as tests look at it. */
export interface GrpcAnswer {
  readonly userId?: string;
  readonly server: { readonly service: string; readonly headers: Readonly<Record<string, string>> };
}

/** One call with grpcurl, as a user types it; the protos are the examples'. */
export async function grpcurl(
  port: number,
  method: string,
  options: {
    readonly authority: string;
    readonly caFile?: string;
    readonly args?: readonly string[];
    readonly data?: string;
  },
): Promise<Output & { answers(): readonly GrpcAnswer[] }> {
  const protos = join(root, "examples/backends/proto");
  const security = options.caFile === undefined ? ["-plaintext"] : ["-cacert", options.caFile];
  const limits = ["-authority", options.authority, "-max-time", "20"];
  const schema = [
    "-import-path",
    protos,
    "-proto",
    "user.proto",
    "-proto",
    "recommendation.proto",
    "-proto",
    "order.proto",
  ];
  const request = ["-d", options.data ?? "{}", ...(options.args ?? [])];
  const output = await run("grpcurl", [...security, ...limits, ...schema, ...request, `127.0.0.1:${port}`, method]);
  // grpcurl prints each answer as a JSON object that begins and ends in the first column.
  const answers = () =>
    output.stdout
      .split(/^(?=\{)/m)
      .filter((text) => text.trim() !== "")
      .map((text) => JSON.parse(text));
  return { ...output, answers };
}

/** Calls demo services on one HTTP/2 connection. */
export interface GrpcClient {
  call(method: string, metadata?: Readonly<Record<string, string>>): Promise<GrpcAnswer>;
  /** Writes requests one by one, each after the answer to the one before, and gives the answers. */
  converse(
    method: string,
    userIds: readonly string[],
    metadata?: Readonly<Record<string, string>>,
  ): Promise<readonly GrpcAnswer[]>;
  close(): void;
}

export function grpcClient(port: number, authority: string, ca?: string): GrpcClient {
  const secure = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
  const client = new Client(`127.0.0.1:${port}`, secure, {
    "grpc.default_authority": authority,
    ...(ca !== undefined && { "grpc.ssl_target_name_override": authority }),
  });
  return {
    call: (method, metadata = {}) => {
      const { path, requestSerialize, responseDeserialize } = definition(method);
      return new Promise((resolve, reject) => {
        const done = (error: Error | null, value?: JsonValue) =>
          error === null ? resolve(answerOf(value)) : reject(error);
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          {},
          metadataOf(metadata),
          inTwentySeconds(),
          done,
        );
      });
    },
    converse: async (method, userIds, metadata = {}) => {
      const { path, requestSerialize, responseDeserialize } = definition(method);
      const call = client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadataOf(metadata),
        inTwentySeconds(),
      );
      const answers: GrpcAnswer[] = [];
      const incoming = call[Symbol.asyncIterator]();
      for (const userId of userIds) {
        call.write({ userId });
        const { value } = await incoming.next();
        answers.push(answerOf(value));
      }
      call.end();
      await incoming.next();
      return answers;
    },
    close: () => client.close(),
  };
}

function definition(method: string): MethodDefinition<JsonValue, JsonValue> {
  const [service = "", name = ""] = method.split("/");
  const descriptor = demoServices().getService(service);
  const found = descriptor === undefined ? undefined : grpcDefinition(descriptor)[name];
  if (found === undefined) throw new Error(`there is no demo method ${method}`);
  return found;
}

function metadataOf(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

function inTwentySeconds(): { readonly deadline: number } {
  return { deadline: Date.now() + 20_000 };
}

function answerOf(value: unknown): GrpcAnswer {
  if (isAnswer(value)) return value;
  throw new Error(`no demo backend answered: ${JSON.stringify(value)}`);
}

function isAnswer(value: unknown): value is GrpcAnswer {
  return typeof value === "object" && value !== null && "server" in value;
}
