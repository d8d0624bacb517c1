import { z } from 'zod';

const whole = () => z.number().int();
const file = () => z.string().min(1).optional();

/** Configures where Redis is and how long it may take to answer. */
export const redisSection = z
  .object({
    url: z
      .string()
      .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
      .default('redis://127.0.0.1:6379')
      .describe(
        'URL of one Redis server of version 7 or later; rediss:// uses TLS. Sentinel and Cluster are not supported.',
      ),
    username: z.string().min(1).optional().describe('User name of the access control list.'),
    password: z
      .string()
      .min(1)
      .optional()
      .describe('Password of the user. A `passwordFile` is safer.'),
    passwordFile: file().describe('File that holds the password. A line end is removed.'),
    caFile: file().describe('PEM file of the authority that signed the certificate of Redis.'),
    certFile: file().describe('PEM file of the client certificate, where Redis asks for one.'),
    keyFile: file().describe('PEM file of the private key that belongs to `certFile`.'),
    keyPrefix: z
      .string()
      .regex(/^[^{}\s]*$/, 'must not hold braces or spaces')
      .max(64)
      .default('spillway:')
      .describe('Prefix of every key, so that several pipelines can share one Redis.'),
    connectTimeoutMs: whole()
      .min(100)
      .max(60_000)
      .default(3_000)
      .describe('Milliseconds after which a connection attempt is abandoned and repeated.'),
    commandTimeoutMs: whole()
      .min(100)
      .max(60_000)
      .default(5_000)
      .describe('Milliseconds after which a command fails and its connection is replaced.'),
  })
  .prefault({});

/** The values of `redisSection`. */
export type RedisConfig = z.output<typeof redisSection>;
