import { z } from 'zod';

/** The parts of JSON Schema that a setting can have. */
interface SettingSchema {
  type?: string;
  enum?: readonly string[];
  items?: SettingSchema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

/**
 * Describes in words which values a setting takes: `integer, 1 to 1024`, `kafka or rabbitmq`,
 * `list of strings`.
 */
export function settingType(schema: z.ZodType): string {
  return textOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SettingSchema);
}

function textOf(schema: SettingSchema): string {
  if (schema.enum) return choices(schema.enum);
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'array') return listOf(schema.items);
  if (schema.type === 'object') return 'map';
  if (schema.type === 'integer' || schema.type === 'number') return numberOf(schema);
  return 'string';
}

function listOf(items: SettingSchema | undefined): string {
  return items?.enum ? `list of ${choices(items.enum)}` : 'list of strings';
}

function choices(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function numberOf({ type, minimum, maximum, exclusiveMinimum }: SettingSchema): string {
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const range = [
    exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : undefined,
    minimum !== undefined && most !== undefined ? `${minimum} to ${most}` : undefined,
    minimum !== undefined && most === undefined ? `at least ${minimum}` : undefined,
    minimum === undefined && most !== undefined ? `at most ${most}` : undefined,
  ];
  return [type, ...range.filter((part) => part !== undefined)].join(', ');
}
