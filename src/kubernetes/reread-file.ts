import { readFileSync } from "node:fs";

/** How long a file's content is taken as it was. client-go does it so, too: tokens and certificates are replaced early. */
const freshMs = 60_000;

/** A small file that somebody replaces from time to time, such as a mounted token. */
export class RereadFile {
  readonly path: string;
  readonly #now: () => number;
  #text: string | undefined;
  #read = 0;

  constructor(path: string, now: () => number = Date.now) {
    this.path = path;
    this.#now = now;
  }

  /** @throws when it can't be read and never could; else what it last held stands in. */
  text(): string {
    const now = this.#now();
    if (this.#text !== undefined && now - this.#read < freshMs) return this.#text;
    try {
      this.#text = readFileSync(this.path, "utf8");
      this.#read = now;
    } catch (error) {
      if (this.#text === undefined) throw error;
    }
    return this.#text;
  }

  /** Reads it anew the next time. */
  forget(): void {
    this.#read = Number.NEGATIVE_INFINITY;
  }
}
