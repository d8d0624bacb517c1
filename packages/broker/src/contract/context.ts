import type { Broker } from '../broker.ts';

export interface ContractBroker {
  /** Started, and without topics of earlier tests in the way. */
  broker: Broker;
  /** Kills what holds the messages and starts it again; answers a started broker on the same. */
  restart?: () => Promise<Broker>;
  close: () => Promise<void>;
}

export interface ContractOptions {
  name: string;
  create: () => Promise<ContractBroker>;
  /** A broker as configured, that was never started. */
  createStopped: () => Promise<Broker>;
  /** The largest message that it takes, in bytes of its value; more than 1 MiB. */
  valueBytesMax: number;
  /** How much its lag in seconds may be off, where it is known; 1 by default. */
  lagSecondsOff?: number;
  /** What the adapter does not do, and why. */
  optOuts?: { replay?: string; restart?: string };
}

export interface ContractContext {
  readonly broker: Broker;
  restart(): Promise<Broker>;
}
