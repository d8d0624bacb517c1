import type { MessageId } from '@spillway/broker';
import type { Observation } from './audit.ts';
import type { Bucket } from './report.ts';
import { sourceOf } from './spill-index.ts';

type Lane = Omit<MessageId, 'sequence'>;
type Owner = Pick<Bucket, 'tenant' | 'signal'> & { foreign?: boolean };

const rowsFirst = 1_024;

/** Many sightings at 24 bytes each, where objects would take some 400. */
export class ObservationTable {
  readonly #lanes = new Names<Lane>();
  readonly #owners = new Names<Owner>();
  #sequences = new Float64Array(rowsFirst);
  /** Lane, owner, minute and records of each. */
  #rest = new Int32Array(rowsFirst * 4);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ id, tenant, signal, minute, records, foreign }: Observation): void {
    if (this.#length === this.#sequences.length) this.#grow();
    const { sequence, ...lane } = id;
    this.#sequences[this.#length] = sequence;
    const owner = { tenant, signal, ...(foreign && { foreign }) };
    const ownerName = `${tenant}\n${signal}\n${foreign === true}`;
    const rest = [this.#lanes.add(sourceOf(lane), lane), this.#owners.add(ownerName, owner)];
    this.#rest.set([...rest, minute, records], this.#length * 4);
    this.#length += 1;
  }

  /** Those of `fromMinute <= minute < toMinute`, in the order in which they came. */
  *between(fromMinute: number, toMinute: number): Generator<Observation> {
    for (let row = 0; row < this.#length; row++) {
      const minute = this.#rest[row * 4 + 2] as number;
      if (minute < fromMinute || minute >= toMinute) continue;
      const lane = this.#lanes.at(this.#rest[row * 4] as number);
      const owner = this.#owners.at(this.#rest[row * 4 + 1] as number);
      const id = { ...lane, sequence: this.#sequences[row] as number };
      yield { id, ...owner, minute, records: this.#rest[row * 4 + 3] as number };
    }
  }

  #grow(): void {
    const [sequences, rest] = [this.#sequences, this.#rest];
    this.#sequences = new Float64Array(sequences.length * 2);
    this.#sequences.set(sequences);
    this.#rest = new Int32Array(rest.length * 2);
    this.#rest.set(rest);
  }
}

/** Each value once, by its number. */
class Names<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];

  add(name: string, value: T): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#values.push(value) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }

  at(number: number): T {
    return this.#values[number] as T;
  }
}
