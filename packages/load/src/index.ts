export type { Compression, Protocol } from './client.ts';
export { generate } from './generate.ts';
export { Random } from './random.ts';
export { type RecordCounts, type Sent, sendAll } from './send-all.ts';
