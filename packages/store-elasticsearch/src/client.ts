import { readFileSync } from 'node:fs';
import { Client, type ClientOptions, type estypes } from '@elastic/elasticsearch';
import type { ElasticsearchSection } from './config.ts';
import { statusOf, storeErrorOf } from './errors.ts';
import { responseBytesMax } from './limits.ts';
import { Answers } from './read/answers.ts';

/** Connections are opened by the first request. Reads the files of the section. */
export function createClient(section: ElasticsearchSection): Client {
  const options: ClientOptions = {
    nodes: section.nodes,
    requestTimeout: section.requestTimeoutMs,
    // Every request may be repeated. More is up to the caller.
    maxRetries: Math.max(1, section.nodes.length - 1),
    maxResponseSize: responseBytesMax,
    Serializer: Answers,
    // The answers come from our own server and are parsed as they are.
    disablePrototypePoisoningProtection: true,
  };
  const apiKey = section.apiKey ?? fromFile(section.apiKeyFile);
  const password = section.password ?? fromFile(section.passwordFile);
  if (apiKey !== undefined) options.auth = { apiKey };
  else if (section.username !== undefined) {
    options.auth = { username: section.username, password: password ?? '' };
  }
  if (section.caFile !== undefined) options.tls = { ca: readFileSync(section.caFile) };
  return new Client(options);
}

function fromFile(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, 'utf8').trim();
}

/** Every failure as `unavailable`. */
export async function call<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw storeErrorOf(error);
  }
}

/** Calls like `call`; undefined when what is asked for is not there. */
export async function callIfThere<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw storeErrorOf(error);
  }
}

export type Source = Record<string, unknown>;
export type Hit = estypes.SearchHit<Source>;
