// What a board of ours is, in Grafana's own types. A panel's options and the settings of its values
// are typed by its kind, which Grafana's Dashboard leaves open.
import type {
  AnnotationQuery,
  Dashboard,
  DataQuery,
  FieldConfig,
  Panel,
  RowPanel,
  VariableModel,
  VariableOption,
} from "@grafana/schema";
import type * as bargauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type * as gauge from "@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as statetimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as text from "@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

// A query, as Grafana's Prometheus data source writes it: its plugin has the type, not the schema.
interface Asked extends DataQuery {
  editorMode?: "builder" | "code";
  expr: string;
  format?: "heatmap" | "table" | "time_series";
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
}

// Grafana writes what a query variable asks as text beside the query, and {} where nothing was chosen.
type Variable = Omit<VariableModel, "current"> & {
  current?: VariableOption | Record<string, never>;
  definition?: string;
};

// Prometheus's annotations are named by templates of labels: fields of its plugin, as well.
type Marked = Omit<AnnotationQuery, "target"> & {
  tagKeys?: string;
  target: Asked;
  textFormat?: string;
  titleFormat?: string;
  useValueForTime?: boolean;
};

// The schema has a default for the frame of a table, and Grafana leaves it out.
type TableOptions = Omit<table.Options, "frameIndex"> & { frameIndex?: number };

type Of<Kind extends string, Options, Custom = never> = Omit<
  Panel,
  "fieldConfig" | "options" | "targets" | "type"
> & {
  type: Kind;
  options: Options;
  targets?: Asked[];
  fieldConfig: Omit<NonNullable<Panel["fieldConfig"]>, "defaults"> & {
    defaults: Omit<FieldConfig, "custom"> & { custom?: Custom };
  };
};

// The gauge of Grafana 13 has more options than that of 12, and takes the latter's as well.
type Drawn =
  | Of<"bargauge", bargauge.Options>
  | Of<"gauge", Partial<gauge.Options>>
  | Of<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | Of<"stat", stat.Options>
  | Of<"state-timeline", statetimeline.Options, statetimeline.FieldConfig>
  | Of<"table", TableOptions, table.FieldConfig>
  | Of<"text", text.Options>
  | Of<"timeseries", timeseries.Options, timeseries.FieldConfig>;

type Row = Omit<RowPanel, "panels"> & { panels: Drawn[] };

// JSON has the values of enumerations, and not their names.
type Plain<T> = 0 extends 1 & T
  ? any
  : T extends string
    ? `${T}`
    : T extends number
      ? number
      : T extends boolean | null | undefined
        ? T
        : T extends (infer Item)[]
          ? Plain<Item>[]
          : T extends object
            ? { [Key in keyof T]: Plain<T[Key]> }
            : T;

export type Board = Plain<
  Omit<Dashboard, "annotations" | "panels" | "templating"> & {
    annotations: { list: Marked[] };
    panels: (Drawn | Row)[];
    templating: { list: Variable[] };
  }
>;
