import type { EventTable } from '@spillway/events';
import type { KeyRingEvent } from './keys.ts';

/** What each event says to an operator. */
export const keyEvents = {
  'keys-loaded': { severity: 'info', description: 'The file of API keys was read.' },
  'keys-file-wrong': {
    severity: 'error',
    description:
      'Something is wrong with the file of API keys; the event is repeated each minute. The keys that it counts are in force.',
  },
} as const satisfies EventTable<KeyRingEvent>;
