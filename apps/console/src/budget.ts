import type { BudgetLine, Least, Limit } from '@spillway/runtime';
import type { ConsoleConfig } from './config.ts';

const mebibyte = 1_048_576;
/** Rows of an answer and its JSON. */
const queryBytes = 2 * mebibyte;

export function consoleBudget({ queriesMax }: ConsoleConfig): BudgetLine[] {
  return [
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

export const consoleLeast: Least = { 'console.queriesMax': 4 };

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
