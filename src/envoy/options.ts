/** How a whole translation is made; the same for every resource of a run. */
export interface Options {
  /** Added to every listener's port, so that 80 and 443 can be tried without privileges. */
  readonly portOffset: number;
  /** What a listener without an address binds: "::" takes IPv4 and IPv6, where the machine has IPv6. */
  readonly anyAddress: "0.0.0.0" | "::";
}

export const defaultOptions: Options = { portOffset: 0, anyAddress: "0.0.0.0" };
