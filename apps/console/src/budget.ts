import type { BudgetLine, Least, Limit } from '@spillway/runtime';
import type { ConsoleConfig } from './config.ts';
import { answerSizes, largePlaces, shortPlaces, unreadAnswers } from './query/answer-places.ts';
import { tailBatchBytes } from './tail/tail-limits.ts';

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;

/** A socket with its parser. */
const connectionBytes = 16 * kibibyte;
/** What a question holds that waits for its turn: its head, parsed and as it was sent. */
const waitingBytes = 24 * kibibyte;
/** What one has written and its client has not read, as characters and as bytes. */
const tailBytes = 3 * tailBatchBytes;
/** Short questions, those for the ledger, and what resubmits. */
const queues = 3;

/** Most questions that the stores work on at once. */
export const questionsAtOnce = shortPlaces;

/**
 * Bytes of memory for the index of the newest dead letters, from which all questions for them are
 * answered.
 */
export function deadLetterIndexBytesMax({ answerBytesMax }: ConsoleConfig): number {
  return 2 * answerBytesMax;
}

/** Lists what the console may take of the memory of its process. */
export function consoleBudget(config: ConsoleConfig): BudgetLine[] {
  const { queriesMax, connectionsMax, ledgerBytesMax, tailsMax } = config;
  const { small, large } = answerSizes(config);
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
      name: 'questions that wait for their turn',
      key: 'console.queriesMax',
      bytes: queues * queriesMax * waitingBytes,
      where: 'heap',
      protects: 'the stores from many questions at once',
      answer: '429 with Retry-After',
    },
    {
      name: 'live tails that are open',
      key: 'console.tailsMax',
      bytes: tailsMax * tailBytes,
      where: 'outside',
      protects: 'the process from clients that leave many tails open',
      answer: '429 with Retry-After; one that does not read is cut',
    },
    {
      name: 'answers while they are made',
      key: 'console.answerBytesMax',
      bytes: shortPlaces * small.objects + largePlaces * large.objects,
      where: 'heap',
      protects: 'the intake from questions for large answers',
      answer: 'a page ends before it, another answer waits its turn or is refused with 422',
    },
    {
      name: 'answers that clients have not read',
      key: 'console.answerBytesMax',
      bytes: shortPlaces * small.text + (largePlaces + unreadAnswers) * large.text,
      where: 'outside',
      protects: 'the process from clients that ask and do not read',
      answer: 'the connection of the one with the most is closed',
    },
    {
      name: 'dead letters that are known',
      key: 'console.answerBytesMax',
      bytes: deadLetterIndexBytesMax(config),
      where: 'heap',
      protects: 'the heap from many dead letters',
      answer: 'the oldest of the tenant with the most are not listed',
    },
    {
      name: 'an audit, or a count of the dead letters, one at a time',
      key: 'console.ledgerBytesMax',
      bytes: ledgerBytesMax,
      where: 'heap',
      protects: 'the process from the account of very many messages and dead letters',
      answer:
        'it goes over them in parts, which takes longer; 504 for a question that takes too long',
    },
  ];
}

/** The lowest values to which limits shrink where memory is scarce. */
export const consoleLeast: Least = {
  'console.queriesMax': 16,
  'console.connectionsMax': 64,
  'console.tailsMax': 2,
  'console.answerBytesMax': 832 * kibibyte,
  'console.ledgerBytesMax': 5 * mebibyte,
};

/** The limits of the console, what each protects, and what is answered. */
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
