export { Client, type ClientOptions } from './client.ts';
export { type RedisConfig, redisSection } from './config.ts';
export { RedisError } from './errors.ts';
