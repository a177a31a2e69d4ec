import { X509Certificate } from "node:crypto";
import { Agent, request } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
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
  /** Of the connections of other hosts that were open all the while: those that were closed. */
  readonly closedConnections: number;
}

const patienceMs = 60_000;
const bystanders = 20;

/** Makes changes one after the other. */
export async function makeChanges(world: World, teams: Teams, kind: ChangeKind, count: number): Promise<ChangesResult> {
  const others = await Promise.all(
    Array.from(
      { length: Math.min(bystanders, teams.count - count) },
      async (_, index) => await openConnection(world, teams.hostname(teams.count - 1 - index)),
    ),
  );
  const latencies: number[] = [];
  for (let change = 0; change < count; change++) latencies.push(await makeChange(world, teams, kind, change));
  // Envoy would tell the clients of a filter chain that it drains.
  await wait(1_000);
  const closedConnections = others.filter(({ closed, destroyed }) => closed || destroyed).length;
  for (const socket of others) socket.destroy();
  return { latencies, closedConnections };
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
          : (await client.location())?.includes(version) === true;
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
    const client = new Client(world, teams.hostname(index));
    if ((await client.location()) === undefined) count += 1;
    client.close();
  });
  return count;
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

  /** Where the team's first route redirects to; undefined if it does not. */
  async location(): Promise<string | undefined> {
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
          response.resume().on("end", () => resolve(response.headers.location));
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
