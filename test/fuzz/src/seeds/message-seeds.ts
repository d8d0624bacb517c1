import { deadLetterHeaders, headerNames, stampHeaders } from '@spillway/broker';
import { signals } from '@spillway/otlp';
import { packMessage } from '../delivered.ts';
import { protobufSeeds } from './seeds.ts';

const stamp = {
  gateway: 'gw-1',
  epoch: 7,
  sequence: 3,
  tenant: 'shop',
  records: 2,
  receivedMs: 1_764_400_000_000,
};
const traceparent = '00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01';
const ours = stampHeaders({ ...stamp, traceparent, ordinals: [0, 1] });
const deadLetter = {
  ...ours,
  [headerNames.onlyGroup]: 'writer',
  [deadLetterHeaders.group]: 'writer',
  [deadLetterHeaders.code]: 'malformed-record',
  [deadLetterHeaders.reason]: 'why',
  [deadLetterHeaders.source]: 'otlp_spans/0/12',
  [deadLetterHeaders.records]: '1',
};

/** Messages as gateways, consumers and the OpenTelemetry Collector write them. */
export const messageSeeds: readonly Buffer[] = signals.flatMap((signal, number) => {
  return protobufSeeds[signal].flatMap((value) => [
    packMessage(number, JSON.stringify(ours), value),
    packMessage(number, '{}', value),
    packMessage(number + 3, JSON.stringify(deadLetter), value),
  ]);
});

export const messageDictionary = [
  ...Object.values(headerNames),
  ...Object.values(deadLetterHeaders),
];
