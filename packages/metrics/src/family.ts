/** One value of a family, under the labels that the family declares. */
export interface Sample<Label extends string = string, Value = number> {
  labels: Readonly<Record<Label, string>>;
  value: Value;
}

/** What a histogram has counted so far, without the labels. */
export interface HistogramCounts {
  /** Cumulative, as Prometheus has them; the last `le` is Infinity. */
  buckets: readonly { le: number; count: number }[];
  sum: number;
  count: number;
}

interface Described<Label extends string> {
  /** `spillway_<what>_<base unit>`, a counter's with `_total` behind it. */
  name: string;
  /** Whole sentences that make sense alone: they are read in Prometheus. */
  help: string;
  /** Bounded in number and in values. */
  labels?: readonly Label[];
}

/**
 * One number without labels, a sample for each combination of labels, or undefined while it is not
 * known: then the family has no sample, never 0.
 */
type Read<Label extends string, Value> = Value | undefined | readonly Sample<Label, Value>[];

interface Family<Label extends string = string> extends Required<Described<Label>> {
  /** Whether its values are 1 and 0 alone. */
  isFlag: boolean;
}

/** A family of numbers that are read from a `Source` at each scrape. */
export interface NumberFamily<in Source> extends Family {
  type: 'counter' | 'gauge';
  read(source: Source): readonly Sample[];
}

/** A family of histograms that are read from a `Source` at each scrape. */
export interface HistogramFamily<in Source> extends Family {
  type: 'histogram';
  read(source: Source): readonly Sample<string, HistogramCounts>[];
}

/** What a package declares beside the stats that it reads: type, name, help and labels. */
export type MetricFamily<Source> = NumberFamily<Source> | HistogramFamily<Source>;

type Declared<Source, Label extends string, Value> = Described<Label> & {
  read: (source: Source) => Read<Label, Value>;
};

/** Declares families that read a `Source`: `const { counter, gauge } = metricsOf<SpillStats>()`. */
export function metricsOf<Source>() {
  return {
    /** Only grows from the start of the process on. */
    counter<const Label extends string = never>(declared: Declared<Source, Label, number>) {
      return numbers('counter', declared);
    },
    /** Goes up and down. */
    gauge<const Label extends string = never>(declared: Declared<Source, Label, number>) {
      return numbers('gauge', declared);
    },
    /** A gauge that is 1 or 0. */
    flag<const Label extends string = never>({
      read,
      ...described
    }: Declared<Source, Label, boolean>): NumberFamily<Source> {
      const samples = (source: Source): readonly Sample[] =>
        samplesOf(read(source)).map(({ labels, value }) => ({ labels, value: value ? 1 : 0 }));
      return { ...familyOf(described), type: 'gauge', isFlag: true, read: samples };
    },
    /** Counts values by how large they are, in buckets. */
    histogram<const Label extends string = never>({
      read,
      ...described
    }: Declared<Source, Label, HistogramCounts>): HistogramFamily<Source> {
      const samples = (source: Source) => samplesOf(read(source));
      return { ...familyOf(described), type: 'histogram', isFlag: false, read: samples };
    },
  };
}

function numbers<Source, Label extends string>(
  type: 'counter' | 'gauge',
  { read, ...described }: Declared<Source, Label, number>,
): NumberFamily<Source> {
  const samples = (source: Source): readonly Sample[] => samplesOf(read(source));
  return { ...familyOf(described), type, isFlag: false, read: samples };
}

function familyOf({ name, help, labels = [] }: Described<string>) {
  return { name, help, labels };
}

function samplesOf<Value extends number | boolean | HistogramCounts>(
  read: Read<string, Value>,
): readonly Sample<string, Value>[] {
  if (read === undefined) return [];
  return isList(read) ? read : [{ labels: {}, value: read }];
}

function isList<Value>(
  read: Value | readonly Sample<string, Value>[],
): read is readonly Sample<string, Value>[] {
  return Array.isArray(read);
}
