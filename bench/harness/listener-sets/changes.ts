import { X509Certificate } from "node:crypto";
import { request as requestOver } from "node:http";
import { Agent, request } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { connect, TLSSocket } from "node:tls";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { inParallel } from "../in-parallel.ts";
import type { Team, Teams } from "./team.ts";

/** Where teams are written to, and where they are served. */
export interface World {
  readonly address: string;
  readonly port: number;
  /** Adds teams, as fast as it can be done. */
  readonly add: (teams: readonly Team[]) => Promise<void>;
  /** One object of a team is another one now. */
  readonly change: (team: Team, changed: ApiObject) => Promise<void>;
}

/** A kind of change whose time is measured: a rule of a route, a renewed certificate, a new ListenerSet with its routes. */
export type ChangeKind = "route" | "certificate" | "set";

export interface ChangesResult {
  /** From when it was written until a client saw it, in milliseconds. Infinite for those that never came. */
  readonly latencies: readonly number[];
  /** Connections of other hosts that were open all the while. */
  readonly openConnections: number;
  /** Of these, those that a request can't use any more, or that are to be closed after it. */
  readonly closedConnections: number;
}

const patienceMs = 60_000;
const bystanders = 20;

/** Makes changes one after the other. */
export async function makeChanges(world: World, teams: Teams, kind: ChangeKind, count: number): Promise<ChangesResult> {
  const hostnames = Array.from({ length: Math.max(0, Math.min(bystanders, teams.count - count)) }, (_, index) =>
    teams.hostname(teams.count - 1 - index),
  );
  const others = await Promise.all(
    hostnames.map(async (hostname) => ({ hostname, socket: await openConnection(world, hostname) })),
  );
  const latencies: number[] = [];
  for (let change = 0; change < count; change++) latencies.push(await makeChange(world, teams, kind, change));
  await wait(1_000);
  const open = await Promise.all(others.map(async ({ hostname, socket }) => await staysOpen(socket, hostname)));
  for (const { socket } of others) socket.destroy();
  return { latencies, openConnections: open.length, closedConnections: open.filter((one) => !one).length };
}

/** Whether a request is answered on it, and another may follow: of a filter chain that it drains, Envoy tells that by the answer. */
async function staysOpen(socket: TLSSocket, hostname: string): Promise<boolean> {
  if (socket.closed || socket.destroyed) return false;
  return await new Promise((resolve) => {
    // Without the header, a request on a connection of one's own asks for its end.
    const headers = { host: hostname, connection: "keep-alive" };
    requestOver({ createConnection: () => socket, path: "/0", headers, timeout: patienceMs }, (response) => {
      response
        .on("error", () => resolve(false))
        .on("end", () => {
          resolve(response.statusCode === 302 && response.headers.connection !== "close");
        });
      response.resume();
    })
      .on("timeout", () => resolve(false))
      .on("error", () => resolve(false))
      .end();
  });
}

async function makeChange(world: World, teams: Teams, kind: ChangeKind, index: number): Promise<number> {
  const version = `v${Date.now()}`;
  const team = await teams.team(kind === "set" ? teams.count + index : index, version);
  if (kind === "set") await world.add([team]);
  else await world.change(team, (kind === "certificate" ? team.secret : team.routes[0]) ?? team.secret);
  const began = performance.now();
  const client = new Client(world, team.hostname);
  const serial = serialOf(team.secret);
  try {
    while (performance.now() - began < patienceMs) {
      const there =
        kind === "certificate"
          ? (await servedSerial(world, team.hostname)) === serial
          : (await client.answer())?.location?.includes(`${version}.${team.hostname}`) === true;
      if (there) return performance.now() - began;
      await wait(2);
    }
    return Number.POSITIVE_INFINITY;
  } finally {
    client.close();
  }
}

/** How many teams' hosts are not served by their own certificate and route. */
export async function unserved(world: World, teams: Teams): Promise<number> {
  const all = Array.from({ length: teams.count }, (_, index) => index);
  let count = 0;
  await inParallel(all, 8, async (index) => {
    const hostname = teams.hostname(index);
    const client = new Client(world, hostname);
    const answer = await client.answer();
    const isOwn = answer?.location !== undefined && new URL(answer.location).hostname.endsWith(`.${hostname}`);
    if (!isOwn || answer.names !== `DNS:${hostname}`) count += 1;
    client.close();
  });
  return count;
}

interface Answer {
  /** Where it redirects to. */
  readonly location: string | undefined;
  /** Whom the certificate is for, as Node tells it: `DNS:a.example.com`. */
  readonly names: string | undefined;
}

/** One keep-alive connection for one host. */
class Client {
  readonly #agent: Agent;
  readonly #world: World;
  readonly #hostname: string;

  constructor(world: World, hostname: string) {
    this.#world = world;
    this.#hostname = hostname;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** What a request for the team's first route gives; undefined if it has no answer. */
  async answer(): Promise<Answer | undefined> {
    const { address, port } = this.#world;
    return await new Promise((resolve) => {
      const sent = request(
        {
          agent: this.#agent,
          host: address,
          port,
          path: "/0",
          servername: this.#hostname,
          headers: { host: this.#hostname },
          rejectUnauthorized: false,
        },
        (response) => {
          const { socket, headers } = response;
          const names = socket instanceof TLSSocket ? socket.getPeerCertificate().subjectaltname : undefined;
          response.resume().on("end", () => resolve({ location: headers.location, names }));
          response.on("error", () => resolve(undefined));
        },
      );
      sent.on("error", () => resolve(undefined)).end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function serialOf({ data }: ApiObject & { readonly data?: unknown }): string {
  const text = /"tls.crt":"([^"]+)"/.exec(JSON.stringify({ data }))?.[1] ?? "";
  return new X509Certificate(Buffer.from(text, "base64")).serialNumber;
}

/** The serial number of the certificate that a new connection gets; undefined if none is made. */
async function servedSerial(world: World, hostname: string): Promise<string | undefined> {
  try {
    const socket = await openConnection(world, hostname);
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  } catch {
    return undefined;
  }
}

async function openConnection({ address, port }: World, servername: string): Promise<TLSSocket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, servername, rejectUnauthorized: false });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      socket.resume();
      resolve(socket);
    });
  });
}
