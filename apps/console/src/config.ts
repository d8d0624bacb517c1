import { z } from 'zod';

/** The `console` section of the configuration. */
export const consoleSection = z
  .object({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Beyond loopback a keys file is required.'),
    port: z
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(8080)
      .describe('Port of the query API and the page; 0 takes a free one.'),
    keysFile: z
      .string()
      .default('')
      .describe(
        'YAML file of API keys with their tenants and scopes. When empty, there are no keys, and the console listens on loopback only.',
      ),
    queryTimeoutMs: z
      .number()
      .int()
      .min(100)
      .max(120_000)
      .default(15_000)
      .describe('Milliseconds after which a query is ended and answered with 504.'),
    resubmitPerSecond: z
      .number()
      .positive()
      .max(10_000)
      .default(50)
      .describe('Dead letters per second that each resubmission sends back, at most.'),
    connectionsMax: z
      .number()
      .int()
      .min(8)
      .max(65_536)
      .default(256)
      .describe(
        'Most open connections. Beyond it the connection that was idle for longest is closed. The limit is lower where the process may not open so many files.',
      ),
    queriesMax: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(64)
      .describe(
        'Most queries that wait for their turn, of all tenants together. One tenant has at most half of the places. Further queries are answered with 429 and `Retry-After`.',
      ),
    tailsMax: z
      .number()
      .int()
      .min(0)
      .max(1_000)
      .default(16)
      .describe(
        'Live tails that are open, of all tenants together; one tenant has at most half of the ' +
          'places. More are answered with 429 and Retry-After; 0 switches them off.',
      ),
    answerBytesMax: z
      .number()
      .int()
      .min(256 * 1_024)
      .max(256 * 1_048_576)
      .default(8 * 1_048_576)
      .describe(
        'Bytes of the largest answer, as JSON. Pages end before it; any other answer is refused. Making an answer takes three times as much memory.',
      ),
    ledgerBytesMax: z
      .number()
      .int()
      .min(4 * 1_048_576)
      .max(4_096 * 1_048_576)
      .default(64 * 1_048_576)
      .describe(
        'Bytes of memory for a ledger query, `spillway audit`, or a count of the dead letters, of which one runs at a time. ' +
          'What does not fit at once is gone over in parts, which takes longer.',
      ),
  })
  .prefault({});

/** The values of `consoleSection`. */
export type ConsoleConfig = z.output<typeof consoleSection>;
