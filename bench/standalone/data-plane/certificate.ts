import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAuthority } from "../../../src/certificates/authority.ts";
import type { Scenario } from "./scenario.ts";

/** Files of a certificate for all hosts, of an elliptic curve. */
export async function certificateIn(directory: string): Promise<Scenario["certificate"]> {
  const authority = await createAuthority();
  const pair = await authority.issue({ end: "server", dnsNames: ["*.example.com"] });
  const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  await writeFile(certificate, pair.certificate);
  await writeFile(key, pair.key, { mode: 0o600 });
  return { certificate, key };
}
