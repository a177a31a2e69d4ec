import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../harness/gatewright-process.ts";
import type { Protocol, Scenario } from "./scenario.ts";

/** Something that can do what a {@link Scenario} asks. */
export interface Contender {
  /** As it is written in tables. */
  readonly name: string;
  /** What `--contenders` takes. */
  readonly id: string;
  version(): Promise<string>;
  /** With one thread that serves requests. It may not serve yet when this is done. */
  start(scenario: Scenario): Promise<Running>;
}

export interface Running {
  /** The processes that requests go through. */
  readonly pids: () => Promise<readonly number[]>;
  /** On 127.0.0.1. */
  readonly port: (protocol: Protocol) => number;
  /** Throws, with its own words, if it has ended. */
  readonly alive: () => void | Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Ports of a contender: one socket serves both versions of HTTP, unless it can't without TLS. */
export interface Ports {
  readonly http: number;
  readonly http2: number;
  readonly https: number;
  readonly grpc: number;
}

export async function freePorts(): Promise<Ports> {
  const [http, http2, https, grpc] = [await freePort(), await freePort(), await freePort(), await freePort()];
  return { http, http2, https, grpc };
}

export function portOf(ports: Ports, protocol: Protocol): number {
  switch (protocol) {
    case "HTTP/1.1":
      return ports.http;
    case "HTTP/2":
      return ports.http2;
    case "gRPC":
      return ports.grpc;
    case "HTTP/1.1 TLS":
    case "HTTP/2 TLS":
      return ports.https;
  }
}

/** The folder of a contender's files. */
export async function folderOf(scenario: Scenario, id: string): Promise<string> {
  const folder = join(scenario.folder, id);
  await mkdir(folder, { recursive: true });
  return folder;
}
