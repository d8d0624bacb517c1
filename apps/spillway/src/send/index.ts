export type { Compression, Protocol } from './client.ts';
export { sendCommand } from './command.ts';
export { type Batch, type GenerateOptions, generate } from './generate.ts';
export { type RecordCounts, type SendOptions, type Sent, sendAll } from './send-all.ts';
export { servicesMax } from './services.ts';
