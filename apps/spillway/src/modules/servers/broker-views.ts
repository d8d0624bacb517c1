/** What is read from the broker beside the messages: lag, and dead letters. */
import { LagBoard } from '@spillway/broker';
import { deadLetterIndexBytesMax } from '@spillway/console';
import { DeadLetters } from '@spillway/dead-letters';
import { defineModule } from '../../registry/module.ts';
import { brokerModule } from './broker.ts';

/** Reads lag for metrics, the console and `spillway lag`; every process has it. */
export const lagBoardModule = defineModule({
  name: 'lag-board',
  needs: { broker: brokerModule },
  joins: () => true,
  create: ({ registry }, { broker }) => new LagBoard({ broker, groups: registry.groups() }),
});

export const deadLettersModule = defineModule({
  name: 'dead-letters',
  needs: { broker: brokerModule },
  create: ({ config }, { broker }) =>
    new DeadLetters(broker, deadLetterIndexBytesMax(config.console)),
});
