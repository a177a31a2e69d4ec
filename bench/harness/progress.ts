const started = performance.now();

/** Tells on standard error what is being done, with the seconds since the program's start. */
export function progress(message: string): void {
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${message}\n`);
}
