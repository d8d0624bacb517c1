import type { Held } from '@spillway/store';
import type { ConsoleConfig } from '../config.ts';

/** Questions that are worked on at once; one tenant has at most half of them. */
export const shortPlaces = 8;
/** Most answers in preparation at once whose JSON is large. */
export const largePlaces = 2;

/** Most answers of full size that clients may leave unread at once. */
export const unreadAnswers = 2;

/** Bytes that every question may hold, and those that one with a large answer may. */
export function answerSizes({ answerBytesMax }: Pick<ConsoleConfig, 'answerBytesMax'>): {
  small: Held;
  large: Held;
} {
  return {
    small: { objects: answerBytesMax / 2, text: answerBytesMax / 8 },
    large: { objects: 3 * answerBytesMax, text: answerBytesMax },
  };
}
