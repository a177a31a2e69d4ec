/**
 * Adds to package-lock.json what npm left out: optional packages for other platforms that the registry at hand doesn't
 * have. `npm ci` refuses a lock file without them, on every platform.
 *
 *     npm run lock      # writes package-lock.json anew, then runs this
 *
 * Such an entry has no hash, since nobody here has seen the package. Linux with glibc, where Gatewright runs, has all.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly engines?: unknown;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Packages = Readonly<Record<string, LockedPackage>>;

const file = join(import.meta.dirname, "../package-lock.json");
const lock: { readonly packages: Packages } = JSON.parse(readFileSync(file, "utf8"));
const missing = missingPackages(lock.packages);
const packages = [...Object.entries<object>(lock.packages), ...missing].sort(([one], [other]) =>
  one < other ? -1 : 1,
);
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
console.log(`${missing.length} packages added to package-lock.json`);

function missingPackages(locked: Packages): readonly (readonly [string, object])[] {
  return Object.values(locked).flatMap(({ optionalDependencies = {}, dev, license, engines }) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => locked[`node_modules/${name}`] === undefined)
      .map(([name, version]) => [`node_modules/${name}`, { version, dev, ...platform(name), license, engines }]),
  );
}

/**
 * Which machines a package is for, by its name: without it npm would try to install it everywhere.
 *
 * @example platform("@oxlint/binding-linux-x64-musl")  // { cpu: ["x64"], libc: ["musl"], optional: true, os: ["linux"] }
 */
function platform(name: string): object {
  const match = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(name);
  if (match === null) throw new Error(`which platform ${name} is for can't be told from its name`);
  const [, os, cpu, abi = ""] = match;
  const libc = abi.startsWith("musl") ? { libc: ["musl"] } : abi.startsWith("gnu") ? { libc: ["glibc"] } : {};
  return { cpu: [cpu], ...libc, optional: true, os: [os] };
}
