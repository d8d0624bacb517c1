import { z } from 'zod';

const whole = () => z.number().int();
const file = () => z.string().min(1).optional();

/** Where Redis is and how long it may take to answer. */
export const redisSection = z
  .object({
    url: z
      .string()
      .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
      .default('redis://127.0.0.1:6379')
      .describe('Redis 7 or later, one server; rediss:// for TLS. Sentinel and Cluster are not.'),
    username: z.string().min(1).optional().describe('User of the access control list.'),
    password: z.string().min(1).optional().describe('Password; better in a file.'),
    passwordFile: file().describe('File that holds the password; a line end is cut off.'),
    caFile: file().describe('PEM file of the authority that signed the certificate of Redis.'),
    certFile: file().describe('PEM file of our certificate, where Redis asks for one.'),
    keyFile: file().describe('PEM file of the key of our certificate.'),
    keyPrefix: z
      .string()
      .regex(/^[^{}\s]*$/, 'must not hold braces or spaces')
      .max(64)
      .default('spillway:')
      .describe('Every key begins with it, so that several pipelines can share a Redis.'),
    connectTimeoutMs: whole()
      .min(100)
      .max(60_000)
      .default(3_000)
      .describe('A connection that takes longer is given up and tried again.'),
    commandTimeoutMs: whole()
      .min(100)
      .max(60_000)
      .default(5_000)
      .describe('A command that takes longer fails, and the connection is made anew.'),
  })
  .prefault({});

export type RedisConfig = z.output<typeof redisSection>;
