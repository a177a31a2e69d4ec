import { CommanderError } from "commander";
import { createProgram } from "./program.ts";
import { UsageError } from "./usage-error.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError) {
    console.error(`gatewright: ${error.message}`);
    process.exitCode = 2;
  } else throw error;
}
await Promise.all([process.stdout, process.stderr].map(written));
// What is left open by then (a keep-alive connection, the launcher's channel) is of no use to anybody.
process.exit();

/** A pipe takes as much as its reader makes room for; the rest would be lost. A reader who has gone wants no more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once("error", () => resolve());
    stream.write("", () => resolve());
  });
}
