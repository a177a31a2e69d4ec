import { fork } from "node:child_process";
import { once } from "node:events";

type Commands = Record<string, (argument: never) => unknown>;

/** A program in a process of its own, which answers each message with one. */
export interface Forked<Known extends Commands> {
  call<Name extends keyof Known & string>(
    name: Name,
    argument: Parameters<Known[Name]>[0],
  ): Promise<Awaited<ReturnType<Known[Name]>>>;
  stop(): Promise<void>;
}

/** What both ends agree on, by the type of the commands; a message itself has no type. */
interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: never;
}

interface Answer {
  readonly id: number;
  readonly value: never;
  readonly error?: string;
}

/** Starts a program that {@link answer}s. Its output is passed on to stderr; calls fail when it ends. */
export function startForked<Known extends Commands>(
  script: string,
  nodeArguments: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Forked<Known> {
  const child = fork(script, [], {
    execArgv: [...nodeArguments],
    env: { ...process.env, ...environment },
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  child.on("message", ({ id, value, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${script} ended with ${code}`));
    waiting.clear();
  });
  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        calls += 1;
        waiting.set(calls, { resolve, reject });
        child.send({ id: calls, name, argument });
      }),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // It ends with the connection, and writes the profile that it was asked for.
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** Answers the calls of the process that started this one, and ends with it. */
export function answer(commands: Commands): void {
  const run = async ({ id, name, argument }: Call): Promise<void> => {
    try {
      process.send?.({ id, value: await commands[name]?.(argument) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  };
  process.on("message", (call: Call) => void run(call));
  process.on("disconnect", () => process.exit());
}
