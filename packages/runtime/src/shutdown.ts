import { messageOf } from '@spillway/resilience';

interface ShutdownOptions {
  stop: () => Promise<void>;
  /** After it the process exits with 1, whatever still runs. */
  deadlineMs: number;
  log: (message: string) => void;
}

/** SIGTERM and SIGINT stop once and gracefully; a second signal, or the deadline, exits with 1. */
export function shutdownOnSignals({ stop, deadlineMs, log }: ShutdownOptions): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log(`${signal} again: exiting now`);
      process.exit(1);
    }
    stopping = true;
    log(`${signal}: stopping`);
    setTimeout(() => {
      log(`not stopped within ${deadlineMs} ms: exiting`);
      process.exit(1);
    }, deadlineMs).unref();
    stop().then(
      () => process.exit(0),
      (error) => {
        log(`stopped with an error: ${messageOf(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
