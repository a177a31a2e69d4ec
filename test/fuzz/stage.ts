import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { withKeyPairs } from "../../src/gateway/testing/key-pairs.ts";
import { readCorpus } from "./corpus.ts";
import { type History, readHistory } from "./events.ts";
import { Generator } from "./generate.ts";

/** What worlds are made with: a generator that knows certificates, and the objects that are there at first. */
export interface Stage {
  readonly generator: Generator;
  readonly beginning: History[number];
}

export async function createStage(): Promise<Stage> {
  const authority = await createAuthority("fuzz");
  const [one, two] = await Promise.all(
    ["a.example.com", "*.example.com"].map((host) => authority.issue([host], "ECDSA")),
  );
  const generator = new Generator(
    {
      "tls.crt": [one?.cert ?? "", two?.cert ?? "", `${one?.cert}${authority.certificate}`],
      "tls.key": [one?.key ?? "", two?.key ?? ""],
      "ca.crt": [authority.certificate, `${authority.certificate}${one?.cert}`],
    },
    await readCorpus(),
  );
  const text = await withKeyPairs(readFileSync(join(import.meta.dirname, "beginning.yaml"), "utf8"));
  return { generator, beginning: readHistory(text).flat() };
}
