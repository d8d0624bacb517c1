/** A real server that this process started. Its port and its data stay the same until it is removed. */
export interface NativeServer {
  /** `kafka-1`, `postgres`, … */
  readonly name: string;
  /** `host:port` of its client listener. */
  readonly address: string;
  /** Process id of the running server, else of the last run; 0 before the first. */
  readonly pid: number;
  /** Resolves when it answers clients; fails with the end of its log. */
  start(): Promise<void>;
  /** Stops it as an operator would; its data stay. */
  stop(): Promise<void>;
  /** SIGKILL to all its processes at once; what it wrote stays. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** User and system time of its processes in this run; 0 when it does not run. */
  cpuSeconds(): number;
}

/**
 * Places servers: by default in a temporary folder, on free ports, and not longer than this
 * process.
 */
export interface Placement {
  /** Folder for its data; data found there are used again. */
  dir?: string;
  /** Ports to take if they are free, in the order that each start function names. */
  ports?: readonly number[];
  /** They go on when this process ends; whoever asks for this must end them by their pids. */
  outlive?: boolean;
}
