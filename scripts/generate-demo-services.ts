/**
 * Writes examples/backends/generated/services.json: the descriptors of the demo gRPC services, out of
 * examples/backends/proto.
 *
 *     node scripts/generate-demo-services.ts     # or: npm run generate
 *
 * Needs grpcurl, which parses .proto files: scripts/install-test-programs.sh installs the pinned one.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

process.chdir(join(import.meta.dirname, ".."));
const protos = "examples/backends/proto";
const temporary = mkdtempSync(join(tmpdir(), "gatewright-protos-"));
try {
  const set = join(temporary, "services.binpb");
  const files = readdirSync(protos)
    .sort()
    .flatMap((name) => ["-proto", name]);
  execFileSync(".cache/bin/grpcurl", ["-import-path", protos, ...files, "-protoset-out", set, "describe"]);
  const descriptors = fromBinary(FileDescriptorSetSchema, readFileSync(set));
  for (const file of descriptors.file) delete file.sourceCodeInfo;
  // grpcurl writes them in any order; a file comes after those that it imports.
  descriptors.file.sort((a, b) => a.dependency.length - b.dependency.length || a.name.localeCompare(b.name));
  writeFileSync(
    "examples/backends/generated/services.json",
    `${toJsonString(FileDescriptorSetSchema, descriptors, { prettySpaces: 1 })}\n`,
  );
} finally {
  rmSync(temporary, { recursive: true });
}
