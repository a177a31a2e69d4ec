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
// What is left open by then (a keep-alive connection, the launcher's channel) is of no use to anybody. Nothing is lost by
// it: writes to pipes are complete when they return, except on Windows.
process.exit();
