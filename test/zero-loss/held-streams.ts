import { once } from "node:events";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import type { JsonValue } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { demoServices, grpcDefinition } from "../../examples/backends/grpc-echo.ts";

/** A stream that stays open, on which something is said every 100 ms. */
export interface HeldStream {
  readonly name: string;
  readonly sent: () => number;
  readonly answered: () => number;
  /** What ended it, if anything has. */
  readonly ended: () => string | undefined;
  close(): void;
}

const everyMs = 100;

/** An upgraded connection to a backend that sends back every byte. */
export async function holdWebSocket(port: number, host: string, path: string): Promise<HeldStream> {
  const asked = request({
    port,
    host: "127.0.0.1",
    path,
    headers: { host, connection: "upgrade", upgrade: "websocket" },
  });
  asked.end();
  const [, socket]: [unknown, Duplex] = await new Promise((resolve, reject) => {
    asked.once("upgrade", (response, upgraded) => resolve([response, upgraded]));
    asked.once("response", (response) => reject(new Error(`no upgrade: ${response.statusCode}`)));
    asked.once("error", reject);
  });
  let sent = 0;
  let answered = 0;
  let ended: string | undefined;
  socket.on("data", (bytes: Buffer) => {
    answered += bytes.length;
  });
  socket.on("error", (error) => {
    ended ??= error.message;
  });
  socket.on("close", () => {
    ended ??= "closed";
  });
  const timer = setInterval(() => {
    sent += 1;
    socket.write(".");
  }, everyMs);
  return held("WebSocket", timer, { sent: () => sent, answered: () => answered, ended: () => ended }, () =>
    socket.destroy(),
  );
}

/** A bidirectional stream of {@link conversation}. */
export async function holdGrpcStream(port: number, host: string): Promise<HeldStream> {
  const service = demoServices().getService(conversation.service);
  const method = service && grpcDefinition(service)[conversation.method];
  if (method === undefined) throw new Error(`there is no ${conversation.service}`);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.default_authority": host });
  const call = client.makeBidiStreamRequest<JsonValue, JsonValue>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  );
  let sent = 0;
  let answered = 0;
  let ended: string | undefined;
  call.on("data", () => {
    answered += 1;
  });
  call.on("error", (error) => {
    ended ??= error.message;
  });
  call.on("end", () => {
    ended ??= "ended";
  });
  const say = (): void => {
    sent += 1;
    call.write({ userId: String(sent) });
  };
  say();
  await once(call, "data");
  const timer = setInterval(say, everyMs);
  return held("gRPC stream", timer, { sent: () => sent, answered: () => answered, ended: () => ended }, () =>
    client.close(),
  );
}

export const conversation = { service: "recommendation.v1.RecommendationService", method: "Converse" };

function held(
  name: string,
  timer: NodeJS.Timeout,
  parts: Pick<HeldStream, "sent" | "answered" | "ended">,
  end: () => void,
): HeldStream {
  const close = (): void => {
    clearInterval(timer);
    end();
  };
  return { name, ...parts, close };
}
