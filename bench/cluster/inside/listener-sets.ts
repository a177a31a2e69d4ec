/**
 * Makes many ListenerSets on one Gateway, or changes one after the other.
 *
 *     KUBECONFIG=… node listener-sets.ts '{"step": "make", "address": "10.97.0.1", "sizes": {…}, …}'
 */
import { setTimeout as wait } from "node:timers/promises";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { type ReflectedChange, Reflector } from "../../../src/kubernetes/reflector.ts";
import { resourceFor } from "../../harness/api-resources.ts";
import {
  type ChangeKind,
  type ChangesResult,
  makeChanges,
  unserved,
  type World,
} from "../../harness/listener-sets/changes.ts";
import type { MadeResult } from "../../harness/listener-sets/result.ts";
import { type Authority, type Sizes, type Team, Teams } from "../../harness/listener-sets/team.ts";
import { createObjects } from "../../harness/write-objects.ts";
import { administrator } from "./client.ts";

export interface ListenerSetsArgument {
  readonly step: "make" | ChangeKind;
  /** The Gateway's. */
  readonly address: string;
  readonly sizes: Sizes;
  readonly authority: Authority;
  /** How many, of a kind of change. */
  readonly changes: number;
}

const httpsPort = 443;
const patienceMs = 900_000;

const { step, address, sizes, authority, changes }: ListenerSetsArgument = JSON.parse(process.argv[2] ?? "");
const client = administrator();
const teams = await Teams.of(sizes, httpsPort, authority);
const world: World = {
  address,
  port: httpsPort,
  add: async (added) => {
    await createObjects(client, added.flatMap(objectsOf));
  },
  change: async (_team, { apiVersion, kind, metadata, ...rest }) => {
    await client.mergePatch(resourceFor({ apiVersion, kind }), metadata, rest);
  },
};
const result: MadeResult | ChangesResult =
  step === "make" ? await make() : await makeChanges(world, teams, step, changes);
client.close();
console.log(JSON.stringify(result));
process.exit();

async function make(): Promise<MadeResult> {
  const isNamespace = ({ kind }: ApiObject) => kind === "Namespace";
  await createObjects(client, teams.namespaces().filter(isNamespace));
  await createObjects(
    client,
    teams.namespaces().filter((object) => !isNamespace(object)),
  );
  const made: Team[] = [];
  for (let index = 0; index < teams.count; index++) made.push(await teams.team(index));
  const right = new Set<string>();
  const watching = new AbortController();
  await watchStatus(right, watching.signal);
  console.error(`making ${teams.count} ListenerSets with ${sizes.routes} routes each`);
  const first = performance.now();
  await world.add(made);
  const last = performance.now();
  console.error(`they are made after ${((last - first) / 1000).toFixed(1)} s`);
  while (right.size < teams.count && performance.now() - last < patienceMs) await wait(20);
  const reached = right.size === teams.count ? performance.now() : undefined;
  watching.abort();
  return {
    writing: (last - first) / 1000,
    ...(reached !== undefined && { sinceFirst: (reached - first) / 1000, sinceLast: (reached - last) / 1000 }),
    right: right.size,
    unserved: await unserved(world, teams),
  };
}

/** Keeps the names of the ListenerSets whose status is right. */
async function watchStatus(right: Set<string>, signal: AbortSignal): Promise<void> {
  const resource = resourceFor((await teams.team(0)).listenerSet);
  const apply = (changed: readonly ReflectedChange[]) => {
    for (const { key, object } of changed) {
      if (object !== undefined && isRight(object)) right.add(key);
      else right.delete(key);
    }
  };
  void new Reflector({ client, resource, apply }).run(signal);
}

function isRight({ status }: ApiObject): boolean {
  const text = JSON.stringify(status ?? {});
  const isTrue = (type: string) =>
    new RegExp(`"status":"True","type":"${type}"`).test(text) ||
    new RegExp(`"type":"${type}","status":"True"`).test(text);
  return isTrue("Accepted") && isTrue("Programmed") && text.includes(`"attachedRoutes":${sizes.routes},`);
}

function objectsOf({ secret, listenerSet, routes }: Team): readonly ApiObject[] {
  return [secret, listenerSet, ...routes];
}
