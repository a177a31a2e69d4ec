/**
 * Makes the objects that come as lines of JSON on standard input, as fast as the API server takes them. Prints how long it took.
 *
 *     KUBECONFIG=… node create-objects.ts < OBJECTS
 */
import { createInterface } from "node:readline";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { createObjects } from "../../harness/write-objects.ts";
import { administrator } from "./client.ts";

const objects: ApiObject[] = [];
for await (const line of createInterface({ input: process.stdin })) objects.push(JSON.parse(line));
const client = administrator();
const started = performance.now();
await createObjects(client, objects);
client.close();
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000 }));
