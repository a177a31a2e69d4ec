/**
 * The sum of a metric over all its labels, from text in Prometheus' format; undefined if it isn't there.
 *
 * @example metric("envoy_control_plane_connected_state{} 1", "envoy_control_plane_connected_state")  // 1
 */
export function metric(exposition: string, name: string): number | undefined {
  const values = exposition.split("\n").flatMap((line) => {
    if (!line.startsWith(name) || !/^[{\s]/.test(line.slice(name.length))) return [];
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    return Number.isNaN(value) ? [] : [value];
  });
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
}
