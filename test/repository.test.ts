import { deepEqual } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, test } from "node:test";

process.chdir(join(import.meta.dirname, ".."));

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((name) => name !== "" && existsSync(name));
const sources = files.filter(
  (name) => /\.(ts|sh)$/.test(name) && !name.includes("/generated/") && !/\/(fixtures|testdata)\//.test(name),
);

/** Which folders of src/ a folder may import from, besides its own. Data flows from left to right; see ARCHITECTURE.md. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  certificates: [],
  strings: [],
  collections: ["strings"],
  resources: ["strings"],
  kubernetes: ["resources", "strings"],
  sources: ["kubernetes", "resources", "strings"],
  ir: ["resources"],
  gateway: ["collections", "ir", "resources", "sources", "strings"],
  status: ["collections", "gateway", "ir", "resources", "sources"],
  analyse: ["collections", "envoy", "explain", "gateway", "ir", "resources", "sources", "status"],
  graph: ["analyse", "collections", "gateway", "ir", "resources", "status"],
  envoy: ["collections", "ir", "resources", "strings"],
  xds: ["collections", "envoy", "ir", "resources"],
  explain: ["collections", "envoy", "gateway", "ir", "resources", "status"],
  doctor: ["gateway", "infrastructure", "kubernetes", "resources", "status"],
  fleet: ["envoy"],
  infrastructure: ["certificates", "collections", "envoy", "gateway", "ir", "resources", "status"],
};

/** Folders that put the others together, and what may import them: only each other. */
const edges = ["admin", "cli", "cluster", "control-plane", "standalone"];

describe("house rules", () => {
  test("no file is over 400 lines", () => {
    const long = sources
      .map((name) => ({ name, lines: read(name).split("\n").length }))
      .filter(({ lines }) => lines > 400);
    deepEqual(long, []);
  });

  test("a folder imports only from folders to its left", () => {
    deepEqual(
      imports("src").flatMap(({ from, to }) => {
        const [importer = "", imported = ""] = [from, to].map((name) => name.split("/")[1] ?? "");
        // Tests may set a stage with anything.
        if (importer === imported || edges.includes(importer) || isTest(from)) return [];
        return mayImport[importer]?.includes(imported) === true ? [] : [`${from} imports ${to}`];
      }),
      [],
    );
  });

  test("no absolute path of a developer's machine", () => {
    // The brackets keep this file from naming what it looks for.
    const pattern = /\/[w]ork\/(main|shared)|\/[r]oot\/|\/home\/[a-z]/;
    const texts = files.filter((name) => !name.includes("/generated/") && name !== "package-lock.json");
    deepEqual(
      texts.filter((name) => pattern.test(read(name))),
      [],
    );
  });

  test("every dependency is named in docs/dependencies.md", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json"));
    const document = read("docs/dependencies.md");
    deepEqual(
      Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !document.includes(name)),
      [],
    );
  });

  test("package-lock.json has what `npm ci` wants on any platform (npm run lock completes it)", () => {
    const { packages }: { packages: Record<string, { optionalDependencies?: object }> } = JSON.parse(
      read("package-lock.json"),
    );
    const optional = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));
    deepEqual(
      optional.filter((name) => packages[`node_modules/${name}`] === undefined),
      [],
    );
  });

  test("`gatewright get` loads nothing that reads files, serves or talks to a cluster before it must", () => {
    const heavy = ["cluster", "control-plane", "envoy", "gateway", "kubernetes", "sources", "standalone", "xds"];
    deepEqual(
      ["src/cli/program.ts", "src/cli/get.ts"].flatMap((start) =>
        [...loadedBy(start)]
          .filter((name) => heavy.includes(name.split("/")[1] ?? ""))
          .map((name) => `${start}: ${name}`),
      ),
      [],
    );
  });

  test("every X.in.yaml has its X.out.yaml", () => {
    const inputs = files.filter((name) => name.endsWith(".in.yaml"));
    deepEqual(
      inputs.filter((name) => !files.includes(name.replace(/\.in\.yaml$/, ".out.yaml"))),
      [],
    );
  });
});

function read(name: string): string {
  return readFileSync(name, "utf8");
}

function isTest(name: string): boolean {
  return name.endsWith(".test.ts") || name.includes("/testing/") || name.includes("/fixtures/");
}

/** Imports between our own files below a folder. */
function imports(folder: string): readonly { readonly from: string; readonly to: string }[] {
  return sources
    .filter((name) => name.startsWith(`${folder}/`))
    .flatMap((from) =>
      [...read(from).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, specifier = ""]) => ({
        from,
        to: relative(".", join(dirname(from), specifier)),
      })),
    );
}

/** Files that are loaded with this one: what it imports as more than a type, and so on. */
function loadedBy(start: string): ReadonlySet<string> {
  const loaded = new Set([start]);
  for (const name of loaded) {
    for (const [, specifier = ""] of read(name).matchAll(/^import (?!type )[^;]*?from "(\.[^"]+)";$/gm))
      loaded.add(relative(".", join(dirname(name), specifier)));
  }
  return loaded;
}
