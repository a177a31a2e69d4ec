/**
 * Builds the peers that benchmarks compare with, once; each benchmark would do so, too.
 *
 *     node bench/peers/build.ts
 */
import { buildEnvoyGateway, buildIstio } from "./programs.ts";

console.log(await buildEnvoyGateway());
for (const program of Object.values(await buildIstio())) console.log(program);
