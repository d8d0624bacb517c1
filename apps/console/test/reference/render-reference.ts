/** The reference of the query API as a page of text, made from its OpenAPI document. */
import { apiErrors } from '../../src/http/errors.ts';

/** Of JSON Schema and OpenAPI, as much as the document has. */
interface SchemaNode {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: string[];
  const?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  anyOf?: SchemaNode[];
  items?: SchemaNode | false;
  prefixItems?: SchemaNode[];
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | false;
  required?: string[];
}

interface Content {
  description?: string;
  content?: Record<string, { schema: SchemaNode }>;
}

interface Operation {
  summary: string;
  description?: string;
  tags: string[];
  security?: unknown[];
  parameters?: {
    name: string;
    in: string;
    required: boolean;
    description?: string;
    schema: SchemaNode;
  }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

export interface ApiDocument {
  info: { title: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, SchemaNode> };
}

export function renderReference(document: ApiDocument): string {
  const { info, tags, components } = document;
  const parts = [
    '# Query API',
    '<!-- Made by `npm run reference -w @spillway/console`. -->',
    `${info.description}\n\nThis page for programs: \`GET /api/openapi.json\`.`,
    '## Errors',
    'Every answer that is not a success is `{"error": {code, message}}`; of a wrong parameter also ' +
      'with `key`, `wanted` and `got`.',
    table(
      ['code', 'status', 'meaning'],
      Object.entries(apiErrors).map(([code, { status, meaning }]) => [code, `${status}`, meaning]),
    ),
    ...tags.flatMap((tag) => [`## ${titleOf(tag.name)}`, tag.description, ...ofTag(document, tag)]),
    '## Types',
    ...Object.entries(components.schemas)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, schema]) => [`### ${name}`, schema.description ?? '', fields(schema)]),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function ofTag({ paths }: ApiDocument, { name }: { name: string }): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => tags.includes(name))
      .flatMap(([method, operation]) => section(`${method.toUpperCase()} ${path}`, operation)),
  );
}

function section(title: string, operation: Operation): string[] {
  const {
    summary,
    description = '',
    parameters = [],
    requestBody,
    responses,
    security,
  } = operation;
  const rows = parameters.map(({ name, in: where, required, description = '', schema }) => [
    name === 'attr.*' ? '`attr.<key>`' : `\`${name}\``,
    where === 'path' ? `${typeOf(schema)}, in the path` : typeOf(schema),
    defaultOf(schema, required),
    description,
  ]);
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'));
  return [
    `### ${title}`,
    `${summary}. ${description}`.trim(),
    security?.length === 0 ? 'Needs no API key.' : '',
    rows.length > 0 ? table(['parameter', 'type', 'default', 'meaning'], rows) : '',
    ...(requestBody ? ['Body:', bodyOf(requestBody)] : []),
    ...(success ? answerOf(success) : []),
  ];
}

function answerOf([status, { content = {} }]: [string, Content]): string[] {
  const [type, { schema } = { schema: {} }] = Object.entries(content)[0] ?? [''];
  if (type === 'text/event-stream') return [`Answer: ${status}, \`${type}\`.`];
  if (!schema.properties) return [`Answer: ${status}. ${schema.description ?? ''}`.trim()];
  return [`Answer: ${status}.`, fields(schema)];
}

function bodyOf({ content = {} }: Content): string {
  const { schema } = Object.values(content)[0] ?? {};
  return (schema?.anyOf ?? (schema ? [schema] : [])).map(fields).join('\n\nor\n\n');
}

function fields({ properties = {}, required = [] }: SchemaNode): string {
  const rows = Object.entries(properties).map(([name, schema]) => [
    `\`${name}\`${required.includes(name) ? '' : ' (optional)'}`,
    typeOf(schema),
    schema.description ?? '',
  ]);
  return rows.length > 0 ? table(['field', 'type', 'meaning'], rows) : '';
}

function typeOf(schema: SchemaNode): string {
  const { $ref, type, const: value, enum: values, anyOf, items, prefixItems, properties } = schema;
  if ($ref) return linkOf($ref.split('/').at(-1) ?? '');
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (value !== undefined) return `\`${value}\``;
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if (prefixItems) return `[${prefixItems.map(typeOf).join(', ')}]`;
  if (items) return `list of ${typeOf(items)}`;
  if (properties) return `{${Object.entries(properties).map(memberOf).join(', ')}}`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  return [type ?? 'any'].flat().join(' or ') + boundsOf(schema);
}

function memberOf([name, schema]: [string, SchemaNode]): string {
  return `${name}: ${typeOf(schema)}`;
}

function boundsOf({ minimum, maximum }: SchemaNode): string {
  return minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`;
}

function defaultOf({ default: value }: SchemaNode, required: boolean): string {
  if (required) return '(required)';
  return value === undefined ? '' : `\`${value}\``;
}

function linkOf(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

function titleOf(tag: string): string {
  return tag.charAt(0).toUpperCase() + tag.slice(1).replace('-', ' ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export const referencePath = new URL('../../../../docs/reference/query-api.md', import.meta.url);

export async function readDocument(address: string): Promise<ApiDocument> {
  const response = await fetch(`${address}/api/openapi.json`);
  return (await response.json()) as ApiDocument;
}
