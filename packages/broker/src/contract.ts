/**
 * The contract suite of the broker port: every adapter runs it whole. It assumes nothing about how
 * soon a message can be polled, only that it can be within `patienceMs`.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Broker } from './broker.ts';
import { consumingContract } from './contract-consuming.ts';
import { faultContract } from './contract-faults.ts';
import { groupContract } from './contract-groups.ts';
import { lagContract } from './contract-lag.ts';
import { lifecycleContract } from './contract-lifecycle.ts';
import { loadContract } from './contract-load.ts';
import { publishingContract } from './contract-publishing.ts';
import { replayContract } from './contract-replay.ts';

export interface ContractBroker {
  /** Started, and without topics of earlier tests in the way. */
  broker: Broker;
  /** Kills what holds the messages and starts it again; answers a started broker on the same. */
  restart?: () => Promise<Broker>;
  close: () => Promise<void>;
}

export interface ContractOptions {
  name: string;
  create: () => Promise<ContractBroker>;
  /** A broker as configured, that was never started. */
  createStopped: () => Promise<Broker>;
  /** The largest message that it takes, in bytes of its value; more than 1 MiB. */
  valueBytesMax: number;
  /** How much its lag in seconds may be off, where it is known; 1 by default. */
  lagSecondsOff?: number;
  /** What the adapter does not do, and why. */
  optOuts?: { replay?: string; restart?: string };
}

export interface ContractContext {
  readonly broker: Broker;
  restart(): Promise<Broker>;
}

export function brokerContract(options: ContractOptions): void {
  describe(`broker contract: ${options.name}`, () => {
    let created: ContractBroker;
    let current: Broker;
    const context: ContractContext = {
      get broker() {
        return current;
      },
      async restart() {
        if (created.restart === undefined) throw new Error('restart is missing without an opt-out');
        current = await created.restart();
        return current;
      },
    };

    beforeEach(async () => {
      created = await options.create();
      current = created.broker;
    });

    afterEach(() => created.close());

    publishingContract(context, options);
    consumingContract(context, options);
    groupContract(context);
    loadContract(context);
    faultContract(context, options);
    lagContract(context, options);
    replayContract(context, options);
    lifecycleContract(context, options);
  });
}
