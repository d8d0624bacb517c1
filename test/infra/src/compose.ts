import { parse } from 'yaml';
import { textOf } from './repository.ts';

/** What the tests read of a service. */
export interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  user?: string;
  read_only?: boolean;
  network_mode?: string;
  restart?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string | number>;
  cap_drop?: string[];
  security_opt?: string[];
  ports?: string[];
  volumes?: string[];
  secrets?: (string | { source: string; target: string })[];
  healthcheck?: { test?: string[]; disable?: boolean };
  stop_grace_period?: string;
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string; pids?: number } } };
  depends_on?: Record<string, { condition: string; required?: boolean }>;
}

export interface ComposeFile {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

const variable = /(?<!\$)\$\{(\w+)(?::-([^}]*))?\}/g;

/** `${NAME:-default}` of a text, name to default; undefined for one without a default. */
export function variablesOf(text: string): Map<string, string | undefined> {
  return new Map([...text.matchAll(variable)].map(([, name = '', value]) => [name, value]));
}

/** docker-compose.yml with its own defaults, before and after the extension fields are merged in. */
export function readCompose(): { text: string; file: ComposeFile } {
  const text = textOf('docker-compose.yml');
  const filled = text.replace(variable, (_, _name, value = '') => value).replaceAll('$$', '$');
  return { text, file: parse(filled, { merge: true }) as ComposeFile };
}
