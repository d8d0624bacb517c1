import { parseArgs } from 'node:util';

const brokerKinds = ['kafka', 'rabbitmq'] as const;
export type BrokerKind = (typeof brokerKinds)[number];

export interface ChaosArguments {
  brokers: readonly BrokerKind[];
  /** Random faults for so long; the scripted set when undefined. */
  minutes: number | undefined;
  seed: number;
  /** Scenarios whose names match; all when undefined. */
  only: RegExp | undefined;
}

export const usage = `npm run chaos                         the scripted set: what CI runs
npm run chaos -- --minutes 60         random faults at random moments under random load
  --broker kafka|rabbitmq             on this stack only (scripted: all of them; random: kafka)
  --seed N                            the same faults at the same moments again
  --only REGEX                        of the scripted set, the scenarios of these names
  --help
Exits 1 when a promise is broken.`;

/** Undefined when help is wanted; throws with a line to show when something is wrong. */
export function readArguments(words: readonly string[]): ChaosArguments | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { broker: text, minutes: text, seed: text, only: text, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  const minutes = positive('minutes', values.minutes);
  const broker = brokerKinds.find((kind) => kind === values.broker);
  if (values.broker && !broker) {
    throw new Error(`--broker: wanted ${brokerKinds.join(' or ')}, got ${values.broker}`);
  }
  const usual = minutes === undefined ? brokerKinds : (['kafka'] as const);
  return {
    brokers: broker ? [broker] : usual,
    minutes,
    seed: positive('seed', values.seed) ?? Date.now() % 1_000_000,
    only: values.only === undefined ? undefined : new RegExp(values.only),
  };
}

function positive(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(number > 0)) throw new Error(`--${name}: wanted a number above 0, got ${value}`);
  return number;
}
