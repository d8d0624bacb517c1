/** What the query API answers, as the page reads it. Every answer carries its freshness. */
import type { PartitionLag } from '@spillway/broker';
import type { DependencyState } from '@spillway/resilience';
import type { ComponentHealth } from '@spillway/runtime';
import type {
  HistogramBar,
  LogView,
  MapEdge,
  MetricAnswer,
  MetricInfo,
  OperationSummary,
  PointView,
  ServiceSummary,
  SpanView,
  TraceSummary,
} from '@spillway/store';
import type { DeadLetterView, FleetReading, LedgerReport } from './ports.ts';
import type { ProcessDocument } from './process-document.ts';

/** Seconds behind the log per group; null where it cannot be known. */
export interface Behind {
  search: number | null;
  live: number | null;
  writer: number | null;
}

/** What every answer says about how far its data is behind. */
export interface Fresh {
  /** Seconds behind the store that answered; the slowest one's where no single store did. */
  behindSeconds: number | null;
  behind: Behind;
}

/** The body of an error. */
export interface ErrorBody {
  error: { code: string; message: string; key?: string; wanted?: string; got?: string };
}

/** Who the caller is. */
export interface SessionAnswer {
  tenant: string;
  scopes: string[];
  /** False when no keys are configured: then there is nothing to sign out of. */
  keys: boolean;
}

interface Ranged {
  fromMs: number;
  toMs: number;
}

/** The busiest ones; `truncated` when there are others, also those that are only counted together. */
interface Busiest {
  truncated: boolean;
}

/** The services of a range of time. */
export type ServicesAnswer = Fresh &
  Ranged &
  Busiest & { source: Source; services: ServiceSummary[] };

/** The operations of a service. */
export type OperationsAnswer = Fresh &
  Ranged &
  Busiest & { source: Source; operations: OperationSummary[] };
/** Live roll-ups answer ranges inside their window, the search store all others. */
export type Source = 'live' | 'search';

/** A page of traces. */
export type TracesAnswer = Fresh & Ranged & { traces: TraceSummary[]; cursor?: string };

/** The spans of a trace. */
export type TraceAnswer = Fresh & { traceId: string; truncated: boolean; spans: SpanView[] };

/** A page of log records. */
export type LogsAnswer = Fresh & Ranged & { logs: LogView[]; cursor?: string };

/** Log records over time. */
export type LogHistogramAnswer = Fresh & Ranged & { bars: HistogramBar[] };

/** The metrics of a range of time. */
export type MetricsAnswer = Fresh & Ranged & { metrics: MetricInfo[] };

/** A metric in steps. */
export type MetricQueryAnswer = Fresh & Ranged & { stepMs: number } & MetricAnswer;

/** A page of metric points. */
export type PointsAnswer = Fresh & Ranged & { points: PointView[]; cursor?: string };

/** The map of services. */
export type MapAnswer = Fresh & Ranged & Busiest & { edges: MapEdge[] };

/** The account of a range of time. */
export type LedgerAnswer = Fresh & LedgerReport;

/** The lag of every group. */
export type LagAnswer = Fresh & { lag: PartitionLag[]; unknownGroups: string[] };
/** What every page should know. */
export type StatusAnswer = Fresh & { unsafe: UnsafeFinding[] };
/** A safety check of the start that is switched off, and what it found. */
export interface UnsafeFinding {
  name: string;
  key: string;
  wanted: string;
  got: string;
  /** Where. */
  processes: string[];
}

/** The processes of the fleet. */
export interface FleetAnswer {
  view: FleetReading['view'];
  /** Processes that must report a server as down before the whole fleet treats it as down. */
  reportersMin: number;
  dependencies: DependencyState[];
  processes: ProcessView[];
}

/** One process of the fleet. */
export interface ProcessView {
  name: string;
  /** ms since the epoch. */
  startedMs: number;
  /** Null when it is of a version that this one cannot read. */
  document: ProcessDocument | null;
  /** Until the spill of a gateway is empty; null while it does not shrink, or not known yet. */
  drainSeconds: number | null;
}

/** The servers that the fleet depends on. */
export type DependenciesAnswer = Fresh & FleetAnswer;

/** The state of the whole pipeline. */
export type PipelineAnswer = LagAnswer &
  FleetAnswer & {
    ready: boolean;
    components: ComponentHealth[];
    drain: GroupDrain[];
  };

/** How fast a group works off its lag. */
export interface GroupDrain {
  group: string;
  topic: string;
  /** Until the backlog is gone; null while it does not shrink, or not known yet. */
  seconds: number | null;
}

/** A page of dead letters, and their counts. */
export type DeadLettersAnswer = Fresh & {
  /** Newest first. */
  deadLetters: DeadLetterView[];
  /** Over all that the query matches and that are known, not only this page. */
  byCode: DeadLetterCount[];
  /** There are older ones beside these, or some have not been read yet: ask again. */
  truncated: boolean;
  cursor?: string;
};

/** Dead letters of one code and group. */
export interface DeadLetterCount {
  code: string;
  group: string;
  deadLetters: number;
  records: number;
}
/** `body`: the records as OTLP/JSON, base64 when they cannot be read. */
export type DeadLetterAnswer = Fresh & {
  deadLetter: DeadLetterView;
  body: string;
  bodyBytes: number;
};

/** Which dead letters were sent back. */
export interface ResubmitAnswer {
  resubmitted: string[];
  /** Not sent: unknown, another tenant's, sent before, without its records, or out of time. */
  skipped: string[];
}
