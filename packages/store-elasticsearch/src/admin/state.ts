/**
 * Which generation of the store is in use, and which one is being built: one document that every
 * process reads. It is changed by compare and swap.
 */

import type { Client } from '@elastic/elasticsearch';
import { statusOf, storeErrorOf, unavailable } from '../errors.ts';
import type { IndexNames } from '../names.ts';

export interface StoreState {
  current: number;
  building: number | null;
  /** The newest generation that was ever given out. */
  last: number;
  /** Records placed before it are retired: not found any more, and removed by whole indices. */
  horizonMs: number;
}

/** The state, and which write made it. */
export interface VersionedState {
  state: StoreState;
  seqNo: number;
  term: number;
}

/** Whether a later write made `one` than `other`. */
export function isNewer(one: VersionedState, other: VersionedState): boolean {
  return one.term === other.term ? one.seqNo > other.seqNo : one.term > other.term;
}

const stateId = 'state';
const beatId = 'builder';
const triesMax = 10;

const firstState: StoreState = { current: 1, building: null, last: 1, horizonMs: 0 };

export class StateDocument {
  readonly #client: Client;
  readonly #index: string;

  constructor(client: Client, names: IndexNames) {
    this.#client = client;
    this.#index = names.state;
  }

  /** Made when missing. */
  async prepare(replicas: number): Promise<VersionedState> {
    try {
      const settings = { number_of_shards: 1, number_of_replicas: replicas };
      const mappings = { dynamic: false } as const;
      await this.#client.indices.create({ index: this.#index, settings, mappings });
    } catch (error) {
      if (statusOf(error) !== 400) throw storeErrorOf(error);
    }
    try {
      await this.#client.create({ index: this.#index, id: stateId, document: firstState });
    } catch (error) {
      if (statusOf(error) !== 409) throw storeErrorOf(error);
    }
    return await this.read();
  }

  async read(): Promise<VersionedState> {
    try {
      const { _source, _seq_no, _primary_term } = await this.#client.get<StoreState>({
        index: this.#index,
        id: stateId,
      });
      if (_source && _seq_no !== undefined && _primary_term !== undefined) {
        return { state: _source, seqNo: _seq_no, term: _primary_term };
      }
    } catch (error) {
      throw storeErrorOf(error);
    }
    throw unavailable('the state of the search store is gone');
  }

  /** `change` may be called again with a newer state, and may throw to give up. */
  async update(change: (state: StoreState) => StoreState): Promise<VersionedState> {
    for (let tries = 1; ; tries++) {
      const { state, seqNo, term } = await this.read();
      const next = change(state);
      try {
        const written = await this.#client.index({
          index: this.#index,
          id: stateId,
          document: next,
          if_seq_no: seqNo,
          if_primary_term: term,
        });
        return {
          state: next,
          seqNo: written._seq_no ?? seqNo + 1,
          term: written._primary_term ?? term,
        };
      } catch (error) {
        if (statusOf(error) !== 409 || tries >= triesMax) throw storeErrorOf(error);
      }
    }
  }

  /** The sign of life of who builds a generation. */
  async beat(generation: number, beats: number): Promise<void> {
    try {
      await this.#client.index({
        index: this.#index,
        id: beatId,
        document: { generation, beats },
      });
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  /** Changes for as long as a process builds. */
  async lastBeat(): Promise<string> {
    try {
      const { _source } = await this.#client.get({ index: this.#index, id: beatId });
      return JSON.stringify(_source);
    } catch (error) {
      if (statusOf(error) === 404) return '';
      throw storeErrorOf(error);
    }
  }
}
