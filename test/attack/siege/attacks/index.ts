import type { Attack } from '../attack.ts';
import { bodiesInFrames, bodiesThatGrow, smallBodiesOfManyRecords } from './bodies.ts';
import {
  announcedLengths,
  answersNeverRead,
  bodiesThatNeverEnd,
  clientsThatGoAway,
  framesOfOneByte,
} from './connections.ts';
import { manyNames, namesOfMegabytes } from './names.ts';
import { deadLetters, hostileQuestions, questionsInARow } from './questions.ts';

export const attacks: readonly Attack[] = [
  clientsThatGoAway,
  announcedLengths,
  bodiesThatNeverEnd,
  framesOfOneByte,
  answersNeverRead,
  smallBodiesOfManyRecords,
  bodiesThatGrow,
  bodiesInFrames,
  namesOfMegabytes,
  manyNames,
  hostileQuestions,
  questionsInARow,
  deadLetters,
];
