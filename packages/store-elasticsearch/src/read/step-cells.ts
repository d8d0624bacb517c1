import type { Held } from '@spillway/store';
import type { StepValue } from '@spillway/store/search';
import type { SeriesPoint } from './scan-points.ts';

/** Groups of series kept while points are read: far more than are answered. */
const groupsMax = 2_000;

interface Group<Cell> {
  labels: Record<string, string>;
  steps: Map<number, Cell>;
}

/** Bytes of a group, beside its labels and cells. */
const groupBytes = 400;

/** A cell for each group of series and step. */
export class StepCells<Cell> {
  readonly #make: (point: SeriesPoint) => Cell;
  readonly #cellBytes: number;
  readonly #groups = new Map<string, Group<Cell>>();
  /** A series belongs to one group, so its name is made once. */
  readonly #names = new WeakMap<SeriesPoint['series'], string>();
  readonly #left = new Set<SeriesPoint['series']>();
  #grownBytes = 0;

  /** @param cellBytes what one takes, with its place and the value that is read from it */
  constructor({ make, cellBytes }: { make: (point: SeriesPoint) => Cell; cellBytes: number }) {
    this.#make = make;
    this.#cellBytes = cellBytes;
  }

  /** What was added since this was last asked, in memory. */
  takeGrowth(): Held {
    const objects = this.#grownBytes;
    this.#grownBytes = 0;
    return { objects, text: 0 };
  }

  /** Series that found no place; they are not in the values. */
  get dropped(): number {
    return this.#left.size;
  }

  /** Undefined when there are too many groups. */
  of(point: SeriesPoint): Cell | undefined {
    const { series, step } = point;
    const group = this.#group(series);
    if (!group) {
      this.#left.add(series);
      return undefined;
    }
    let cell = group.steps.get(step);
    if (cell === undefined) {
      cell = this.#make(point);
      group.steps.set(step, cell);
      this.#grownBytes += this.#cellBytes;
    }
    return cell;
  }

  values(read: (cell: Cell) => number | null): StepValue[] {
    return [...this.#groups.values()].flatMap(({ labels, steps }) =>
      [...steps].map(([step, cell]) => ({ labels, step, value: read(cell) })),
    );
  }

  #group(series: SeriesPoint['series']): Group<Cell> | undefined {
    let name = this.#names.get(series);
    if (name === undefined) {
      name = JSON.stringify(series.labels);
      this.#names.set(series, name);
    }
    const known = this.#groups.get(name);
    if (known || this.#groups.size >= groupsMax) return known;
    const group = { labels: series.labels, steps: new Map<number, Cell>() };
    this.#groups.set(name, group);
    this.#grownBytes += groupBytes + 4 * name.length;
    return group;
  }
}
