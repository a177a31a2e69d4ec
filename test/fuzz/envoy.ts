import type { EnvoyResource } from "../../src/envoy/resource.ts";
import { validationBootstrap } from "../../src/envoy/validation-bootstrap.ts";
import { resolveEnvoy } from "../../src/fleet/resolve-envoy.ts";
import { validate } from "../../src/fleet/validate.ts";

const { path } = await resolveEnvoy();

/** Whether Envoy would take it, and if not, what it says. */
export async function accepts(
  resources: readonly EnvoyResource[],
): Promise<{ readonly ok: boolean; readonly message?: string }> {
  const verdict = await validate(path, validationBootstrap(resources));
  return verdict.ok ? { ok: true } : { ok: false, message: verdict.message };
}
