/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The values of a metric, from text in Prometheus' format.
 *
 * @example samples('up{job="a"} 1', "up")  // [{ labels: { job: "a" }, value: 1 }]
 */
export function samples(exposition: string, name: string): readonly Sample[] {
  return exposition.split("\n").flatMap((line): readonly Sample[] => {
    if (!line.startsWith(name) || !/^[{\s]/.test(line.slice(name.length))) return [];
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    const labels = [...line.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
    return Number.isNaN(value)
      ? []
      : [{ value, labels: Object.fromEntries(labels.map(([, label = "", text = ""]) => [label, text])) }];
  });
}

/**
 * Their sum; undefined if there is none.
 *
 * @example metric("envoy_control_plane_connected_state{} 1", "envoy_control_plane_connected_state")  // 1
 */
export function metric(exposition: string, name: string): number | undefined {
  const found = samples(exposition, name);
  return found.length === 0 ? undefined : found.reduce((total, { value }) => total + value, 0);
}
