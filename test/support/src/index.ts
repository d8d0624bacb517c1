export { caughtUp, lagReader } from './caught-up.ts';
export { postOtlp, query } from './client.ts';
export { memoryOf, type ProcessMemory } from './memory.ts';
export { attributes, logsBody, nowNano, spanIdOf, traceIdOf, tracesBody } from './otlp-json.ts';
export {
  type Addresses,
  runSpillway,
  SpillwayProcess,
  type SpillwayProcessOptions,
} from './spillway-process.ts';
export { TcpProxy } from './tcp-proxy.ts';
