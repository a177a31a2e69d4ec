import { execFile } from "node:child_process";

/** How to run a program. */
export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads. */
  readonly input?: string;
  /** In milliseconds. */
  readonly timeout?: number;
}

/**
 * What a program printed.
 *
 * @throws Error with its command line and what it said on standard error
 */
export function execFileText(
  program: string,
  args: readonly string[],
  { input, ...options }: ExecuteOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { ...options, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${program} ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
      },
    );
    // A program that ends before it has read all says so itself.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}
