/** @example counted(1, "Gateway")  // "1 Gateway" */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
