import { setTimeout as sleep } from 'node:timers/promises';
import { signals } from '@spillway/otlp';
import type { ChaosLab } from '../chaos-lab.ts';
import { runSender } from './load.ts';
import { readSenderFiles, type SenderLog } from './sender-file.ts';

export interface LoadShape {
  sendersPerSignal: number;
  recordsPerRequest: number;
  /** Of each sender, about. */
  pauseMs: number;
  giveUpShare: number;
  deafShare: number;
  repeatShare: number;
}

export const usualLoad: LoadShape = {
  sendersPerSignal: 4,
  recordsPerRequest: 5,
  pauseMs: 40,
  giveUpShare: 0.02,
  deafShare: 0.03,
  repeatShare: 0,
};

const pollMs = 50;

/** Senders with names of their own, each at one gateway, until `end`. */
export class Load {
  readonly #dir: string;
  readonly #acknowledged = new Map<string, number>();
  readonly #senders: Promise<void>[];
  #stopped = false;

  constructor(lab: ChaosLab, options: { name: string; shape: LoadShape; random: () => number }) {
    const { name, shape, random } = options;
    this.#dir = lab.sendersDir(name);
    const gateways = lab.gateways;
    const places = signals.flatMap((signal) =>
      Array.from({ length: shape.sendersPerSignal }, (_, i) => ({ signal, i })),
    );
    this.#senders = places.map(({ signal, i }) => {
      const sender = `${name}-${signal[0]}${i}`;
      this.#acknowledged.set(sender, 0);
      return runSender({
        ...shape,
        name: sender,
        signal,
        dir: this.#dir,
        random,
        endpoint: () => gateways[i % gateways.length]?.addresses?.otlpHttp,
        stopped: () => this.#stopped || lab.isClosing,
        onAcknowledged: () =>
          this.#acknowledged.set(sender, (this.#acknowledged.get(sender) ?? 0) + 1),
      });
    });
  }

  /** Until every sender was acknowledged so often again; false if for so long none was. */
  async progresses({ requests, stallMs }: Record<string, number>): Promise<boolean> {
    const before = new Map(this.#acknowledged);
    let [total, sinceMs] = [0, performance.now()];
    for (;;) {
      const gains = [...this.#acknowledged].map(([name, n]) => n - (before.get(name) ?? 0));
      if (gains.every((gain) => gain >= (requests ?? 1))) return true;
      const now = gains.reduce((a, b) => a + b, 0);
      if (now > total) [total, sinceMs] = [now, performance.now()];
      if (performance.now() - sinceMs > (stallMs ?? 0)) return false;
      await sleep(pollMs);
    }
  }

  async end(): Promise<SenderLog[]> {
    this.#stopped = true;
    await Promise.all(this.#senders);
    return readSenderFiles(this.#dir);
  }
}
