import type { z } from 'zod';
import { settingType } from './config-type.ts';

/** One settable value of the configuration. */
export interface Leaf {
  /** `gateway.httpPort`. */
  key: string;
  path: readonly string[];
  /** `SPILLWAY_GATEWAY_HTTP_PORT`. */
  env: string;
  /** `--gateway.httpPort`. */
  flag: string;
  kind: 'number' | 'boolean' | 'string' | 'list' | 'map';
  /** The values it takes, in words: `integer, 0 to 65535`. */
  type: string;
  /** What it does, in whole sentences. */
  description: string;
  /** Undefined where the setting is absent by default. */
  defaultValue: unknown;
  /** Whether the value is masked wherever it is shown. */
  secret: boolean;
}

interface Def {
  type: string;
  innerType?: z.ZodType;
  in?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  defaultValue?: unknown;
}

/** Walks a zod object down to its leaves, in the order they are written. */
export function leavesOf(schema: z.ZodType, path: readonly string[] = []): Leaf[] {
  const { type, inner, defaultValue } = unwrap(schema);
  const { shape } = defOf(inner);
  if (type === 'object' && shape) {
    return Object.entries(shape).flatMap(([name, child]) => leavesOf(child, [...path, name]));
  }
  const meta = metaOf(schema) ?? metaOf(inner);
  return [
    {
      key: path.join('.'),
      path,
      env: envName(path),
      flag: `--${path.join('.')}`,
      kind: kindOf(type),
      type: settingType(inner),
      description: meta?.description ?? '',
      defaultValue,
      secret: secretNames.test(path.at(-1) ?? ''),
    },
  ];
}

/** Names the environment variable of a setting: `SPILLWAY_GATEWAY_HTTP_PORT`. */
export function envName(path: readonly string[]): string {
  const words = path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
  return ['SPILLWAY', ...words].join('_');
}

/** Values under these names are masked wherever they are shown. */
const secretNames = /^(password|secret|token|apiKey)$/;

interface Meta {
  description?: string;
}

function metaOf(schema: z.ZodType): Meta | undefined {
  return schema.meta() as Meta | undefined;
}

function defOf(schema: z.ZodType): Def {
  return schema._zod.def as unknown as Def;
}

function unwrap(schema: z.ZodType): { type: string; inner: z.ZodType; defaultValue: unknown } {
  let inner = schema;
  let defaultValue: unknown;
  for (;;) {
    const def = defOf(inner);
    if (def.type === 'default' || def.type === 'prefault') defaultValue ??= def.defaultValue;
    const next = def.innerType ?? def.in;
    if (!next) return { type: def.type, inner, defaultValue };
    inner = next;
  }
}

function kindOf(type: string): Leaf['kind'] {
  if (type === 'number' || type === 'int') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return 'list';
  if (type === 'record') return 'map';
  return 'string';
}
