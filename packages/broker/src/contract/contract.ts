/**
 * The contract suite of the broker port: every adapter runs it whole. It assumes nothing about how
 * soon a message can be polled, only that it can be within the patience of `until`.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Broker } from '../broker.ts';
import { consumingContract } from './consuming.ts';
import type { ContractBroker, ContractContext, ContractOptions } from './context.ts';
import { faultContract } from './faults.ts';
import { groupContract } from './groups.ts';
import { lagContract } from './lag.ts';
import { lifecycleContract } from './lifecycle.ts';
import { loadContract } from './load.ts';
import { publishingContract } from './publishing.ts';
import { replayContract } from './replay.ts';

/** Declares the tests that every broker must pass. */
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
