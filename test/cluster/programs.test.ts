import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { goToolchain } from "../../scripts/go-toolchain.ts";

test("the Go programs of our own pass go vet and their tests", () => {
  const packages = ["./loadbalancer", "./pause", "./runtime"];
  // As they are built (programs.ts), so that what they import is compiled once.
  const env = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "-buildvcs=false -trimpath" };
  const options = { cwd: join(import.meta.dirname, "programs"), env, stdio: "pipe" } as const;
  execFileSync(goToolchain("1.26"), ["vet", ...packages], options);
  execFileSync(goToolchain("1.26"), ["test", ...packages], options);
});
