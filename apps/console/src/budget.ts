import type { BudgetLine, Least, Limit } from '@spillway/runtime';
import type { ConsoleConfig } from './config.ts';

const mebibyte = 1_048_576;
/** Rows of an answer and its JSON. */
const queryBytes = 2 * mebibyte;

/** A socket with its parser. */
const connectionBytes = 16 * 1_024;

export function consoleBudget({ queriesMax, connectionsMax }: ConsoleConfig): BudgetLine[] {
  return [
    {
      name: 'connections of the console',
      key: 'console.connectionsMax',
      bytes: connectionsMax * connectionBytes,
      where: 'outside',
      protects: 'memory and file descriptors from clients that only connect',
      answer: 'the connection that was idle for longest is closed',
    },
    {
      name: 'answers to queries',
      key: 'console.queriesMax',
      bytes: queriesMax * queryBytes,
      where: 'heap',
      protects: 'the intake from many questions at once',
      answer: '503 with Retry-After',
    },
  ];
}

export const consoleLeast: Least = { 'console.queriesMax': 4, 'console.connectionsMax': 64 };

export const consoleLimits: readonly Limit[] = [
  {
    key: 'console.queryTimeoutMs',
    protects: 'the stores from questions that cost too much',
    answer: '504',
  },
  {
    key: 'console.resubmitPerSecond',
    protects: 'the broker from a flood of dead letters',
    answer: 'it goes slower',
  },
];
