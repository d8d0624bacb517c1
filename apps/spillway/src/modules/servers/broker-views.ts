/** What is read from the broker beside the messages: lag, and dead letters. */
import { LagBoard } from '@spillway/broker';
import { deadLetterIndexBytesMax } from '@spillway/console';
import { DeadLetters } from '@spillway/dead-letters';
import { FairQueue } from '@spillway/store/search';
import { defineModule } from '../../registry/module.ts';
import { brokerModule } from './broker.ts';

/** Reads lag for metrics, the console and `spillway lag`; every process has it. */
export const lagBoardModule = defineModule({
  name: 'lag-board',
  needs: { broker: brokerModule },
  joins: () => true,
  create: ({ registry }, { broker }) => new LagBoard({ broker, groups: registry.groups() }),
});

/** Most that wait to read the whole log. */
const waitingMax = 64;

/** Whoever reads the whole log takes turns: the memory for it is there once. */
export const logTurnsModule = defineModule({
  name: 'log-turns',
  create: () => new FairQueue({ slots: 1, waitingMax }),
});

export const deadLettersModule = defineModule({
  name: 'dead-letters',
  needs: { broker: brokerModule, turns: logTurnsModule },
  create: ({ config }, { broker, turns }) =>
    new DeadLetters(broker, {
      indexBytesMax: deadLetterIndexBytesMax(config.console),
      readBytesMax: config.console.ledgerBytesMax,
      turns,
    }),
});
