/** Where progress is told: standard error, as Node has it. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Tells of work that takes long, and says nothing of work that doesn't: on a terminal a line that is rewritten with what
 * `measure` gives, elsewhere one line at the start and one at the end.
 *
 * @param what e.g. "fetching Envoy 1.40.0"
 * @param measure what is done so far, e.g. "12 of 37 MB"
 * @param quietMs how long the work may take unmentioned
 */
export async function withProgress<T>(
  output: ProgressOutput,
  what: string,
  measure: () => Promise<string>,
  work: () => Promise<T>,
  quietMs = 2_000,
): Promise<T> {
  const startedAt = performance.now();
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = async (): Promise<void> => {
    if (output.isTTY === true) {
      const done = await measure();
      // The work may have ended while we measured.
      if (timer === undefined) return;
      output.write(`\r\u001b[K${what}: ${done}`);
      timer = setTimeout(() => void tell(), 250);
    } else {
      output.write(`${what} …\n`);
    }
    told = true;
  };
  timer = setTimeout(() => void tell(), quietMs);
  const end = (outcome: string): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!told) return;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    output.write(`${output.isTTY === true ? "\r\u001b[K" : ""}${what}: ${outcome} after ${seconds} s\n`);
  };
  try {
    const result = await work();
    end("done");
    return result;
  } catch (error) {
    end("failed");
    throw error;
  }
}
