import type { Identities } from '@spillway/broker';
import { messageOf } from '@spillway/resilience';
import type { ProduceEvent } from '../event.ts';
import { decodeIdentity, encodeIdentity, type KeptIdentity } from './kept-identity.ts';

export const epochMax = 32_767;
/** Saved ahead, so that an epoch is hardly ever waited for; an id lasts for 2,048 starts. */
const reserveEpochs = 16;
const retryMs = 500;

export interface IdentityOptions {
  identities?: Identities | undefined;
  newProducerId: () => Promise<bigint>;
  clusterId: () => Promise<string>;
  nowMs: () => number;
  report: (event: ProduceEvent) => void;
}

/**
 * Who a producer is to the leaders: a producer id, and how far its epochs may go.
 *
 * Where identities are kept, one number is saved with the id: no epoch above it was used in any
 * partition. A start goes on above it everywhere, with sequence 0, as if it had raised the epoch of
 * each partition: as soon as something of it is in a partition's log, its leader rejects what of the
 * life before arrives there late. The number is saved with `reserveEpochs` to spare before anything
 * is sent, and again only when a partition has used those up: in the normal path, once a start.
 * While it cannot be saved, nothing is sent.
 *
 * A new id fences nothing of the old one's. It is taken at the first start, when what was saved
 * cannot be read or is of another cluster, and when the epochs are used up.
 */
export class Identity {
  readonly #options: IdentityOptions;
  #clusterId = '';
  #producerId: bigint | undefined;
  #epochsTo = -1;
  #firstEpoch = 0;
  #saving: Promise<void> | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /** Rejects when no broker answers in good time. */
  async open(): Promise<void> {
    const { identities, clusterId, report } = this.#options;
    if (identities === undefined) return void (await this.renew());
    this.#clusterId = await clusterId();
    const found = await this.#load(identities);
    if (typeof found === 'string') report({ type: 'identity-new', reason: found });
    if (found === undefined || typeof found === 'string') return void (await this.renew());
    this.#producerId = found.producerId;
    this.#epochsTo = found.epochsTo;
    this.#firstEpoch = found.epochsTo + 1;
    await this.#reserve();
  }

  /** Where a partition begins; undefined before `open`. */
  get first(): { producerId: bigint; epoch: number } | undefined {
    if (this.#producerId === undefined) return undefined;
    return { producerId: this.#producerId, epoch: this.#firstEpoch };
  }

  /** Another id, whose epochs begin at 0. */
  async renew(): Promise<{ producerId: bigint; epoch: number }> {
    const producerId = await this.#options.newProducerId();
    this.#producerId = producerId;
    this.#firstEpoch = 0;
    this.#epochsTo = this.#options.identities === undefined ? epochMax : -1;
    await this.#reserve();
    return { producerId, epoch: 0 };
  }

  /** False: not yet; ask again. */
  mayUse(producerId: bigint, epoch: number): boolean {
    if (producerId !== this.#producerId || epoch <= this.#epochsTo) return true;
    if (this.#options.nowMs() >= this.#retryAtMs) void this.#reserve();
    return false;
  }

  async #load(identities: Identities): Promise<KeptIdentity | string | undefined> {
    try {
      const bytes = await identities.load();
      if (bytes === undefined) return undefined;
      const found = decodeIdentity(bytes);
      if (found === undefined) return 'what was saved cannot be read';
      if (found.clusterId !== this.#clusterId) return 'what was saved is of another cluster';
      return found.epochsTo < epochMax ? found : 'the epochs of the former one are used up';
    } catch (error) {
      return messageOf(error);
    }
  }

  #reserve(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { identities, nowMs, report } = this.#options;
    const producerId = this.#producerId;
    if (identities === undefined || producerId === undefined) return;
    const epochsTo = Math.min(epochMax, this.#epochsTo + reserveEpochs);
    const clusterId = this.#clusterId;
    try {
      await identities.save(encodeIdentity({ clusterId, producerId, epochsTo }));
      if (this.#producerId === producerId) this.#epochsTo = epochsTo;
    } catch (error) {
      this.#retryAtMs = nowMs() + retryMs;
      report({ type: 'identity-unsaved', message: messageOf(error) });
    }
  }
}
