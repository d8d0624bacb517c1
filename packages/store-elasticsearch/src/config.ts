import { z } from 'zod';

const whole = () => z.number().int();
const mebibyte = 1_048_576;

export const elasticsearchSection = z
  .object({
    nodes: z
      .array(z.string().regex(/^https?:\/\//))
      .min(1)
      .default(['http://127.0.0.1:9200'])
      .describe('URLs of the nodes; requests go to them in turn.'),
    username: z.string().optional().describe('For basic authentication.'),
    password: z.string().optional().describe('For basic authentication.'),
    passwordFile: z.string().optional().describe('File that holds the password.'),
    apiKey: z.string().optional().describe('API key, base64, instead of a user.'),
    apiKeyFile: z.string().optional().describe('File that holds the API key.'),
    caFile: z.string().optional().describe('PEM file of the authority to trust.'),
    indexPrefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .default('spillway')
      .describe('Begin of the names of every index and template.'),
    shards: whole().min(1).max(64).default(1).describe('Primary shards of an index of one day.'),
    replicas: whole().min(0).max(5).default(1).describe('Copies of each shard; 0 on one node.'),
    refreshIntervalMs: whole()
      .min(100)
      .max(600_000)
      .default(1_000)
      .describe('Until what was applied is found, at most.'),
    bulkBytesMax: whole()
      .min(64 * 1_024)
      .max(64 * mebibyte)
      .default(5 * mebibyte)
      .describe('Size of one bulk request; a larger document is a dead letter.'),
    bulkConcurrency: whole()
      .min(1)
      .max(32)
      .default(2)
      .describe('Bulk requests under way at once, for each process.'),
    requestTimeoutMs: whole().min(100).default(30_000).describe('Of every request.'),
    startTimeoutMs: whole()
      .min(0)
      .default(60_000)
      .describe('How long a start waits for a server that does not answer.'),
    leaseMs: whole()
      .min(500)
      .max(60_000)
      .default(5_000)
      .describe('How old the knowledge of a rebuild may be; the same for every process.'),
  })
  .prefault({});

export type ElasticsearchSection = z.output<typeof elasticsearchSection>;
