/** One line of a panel. */
export interface Query {
  /** PromQL, with Grafana's `$__rate_interval` and the variables of the dashboard. */
  readonly expr: string;
  /** What the line is called. @example "{{rule}}" */
  readonly legend?: string;
  /** It has no series while nothing is wrong, or while nobody does what it counts. */
  readonly emptyWhenHealthy?: true;
}

export interface Panel {
  readonly title: string;
  readonly description?: string;
  /** Grafana's name of it. @example "reqps" */
  readonly unit?: string;
  /** A number, for what is one; a table, for what is a list. Default: over time. */
  readonly type?: "stat" | "table" | "timeseries";
  readonly queries: readonly Query[];
}

export interface Dashboard {
  /** Name of its file. */
  readonly name: string;
  readonly title: string;
  /** Variables: name, and the query for its values. */
  readonly variables: Readonly<Record<string, string>>;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const width = 24;
const height = { stat: 4, table: 8, timeseries: 8 };

/** A dashboard as Grafana (10 or newer) imports it. */
export function grafana({ name, title, variables, rows }: Dashboard): object {
  let y = 0;
  let id = 0;
  const panels = rows.flatMap((row) => {
    const header = { id: ++id, type: "row", title: row.title, gridPos: { x: 0, y, w: width, h: 1 }, panels: [] };
    y += 1;
    const w = Math.floor(width / Math.min(row.panels.length, 4));
    const perLine = Math.floor(width / w);
    const h = Math.max(...row.panels.map(({ type = "timeseries" }) => height[type]));
    const placed = row.panels.map((panel, index) => ({
      id: ++id,
      ...panelOf(panel),
      gridPos: { x: (index % perLine) * w, y: y + Math.floor(index / perLine) * h, w, h },
    }));
    y += Math.ceil(row.panels.length / perLine) * h;
    return [header, ...placed];
  });
  return {
    uid: name,
    title,
    tags: ["gatewright"],
    timezone: "",
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [dataSource, ...Object.entries(variables).map(([variable, query]) => choice(variable, query))],
    },
    panels,
  };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variable.
const source = { type: "prometheus", uid: "${datasource}" };
const dataSource = { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" };

function choice(name: string, query: string): object {
  return {
    name,
    label: name,
    type: "query",
    datasource: source,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: true,
    allValue: ".*",
    multi: true,
    current: { text: "All", value: "$__all" },
  };
}

function panelOf({ title, description, unit = "short", type = "timeseries", queries }: Panel): object {
  return {
    type,
    title,
    ...(description === undefined ? {} : { description }),
    datasource: source,
    fieldConfig: { defaults: { unit, ...(type === "timeseries" && { min: 0 }) }, overrides: [] },
    options: type === "stat" ? { reduceOptions: { calcs: ["lastNotNull"] } } : {},
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: source,
      expr,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      ...(type === "table" && { format: "table", instant: true }),
    })),
  };
}
