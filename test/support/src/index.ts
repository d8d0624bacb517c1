export { caughtUp } from './caught-up.ts';
export {
  type Addresses,
  runSpillway,
  SpillwayProcess,
  type SpillwayProcessOptions,
} from './spillway-process.ts';
