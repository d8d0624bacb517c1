import { z } from 'zod';

export const consoleSection = z
  .object({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Beyond loopback a keys file is needed.'),
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
      .describe('File of hashed API keys with tenants and scopes; empty: no keys, loopback only.'),
    queryTimeoutMs: z
      .number()
      .int()
      .min(100)
      .max(120_000)
      .default(15_000)
      .describe('A query that takes longer is ended and answered with 504.'),
    resubmitPerSecond: z
      .number()
      .positive()
      .max(10_000)
      .default(50)
      .describe('Dead letters sent back a second, at most, for each request.'),
    connectionsMax: z
      .number()
      .int()
      .min(8)
      .max(65_536)
      .default(256)
      .describe(
        'Open connections; beyond it the one that was idle for longest is closed. Less where the process may not open so many files.',
      ),
    queriesMax: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(64)
      .describe(
        'Queries that wait for their turn, of all tenants together; one tenant has at most half of ' +
          'the places. More are answered with 429 and Retry-After, so that they take no memory.',
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
        'Largest answer to a question, as JSON: pages end before it, another answer is refused. ' +
          'Making it takes three times as much.',
      ),
    ledgerBytesMax: z
      .number()
      .int()
      .min(4 * 1_048_576)
      .max(4_096 * 1_048_576)
      .default(64 * 1_048_576)
      .describe(
        'Memory of a question for the ledger, of which there is one at a time; one that needs more is ' +
          'refused. `spillway audit` does not count here.',
      ),
  })
  .prefault({});

export type ConsoleConfig = z.output<typeof consoleSection>;
