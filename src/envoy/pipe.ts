/** Address of a Unix domain socket. */
export function pipe(path: string) {
  return { address: { case: "pipe" as const, value: { path } } };
}
