import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { described, type RouteText, schemaOf, tags } from '../query/route.ts';

const about = `Reads what is stored, and the state of the system. Every request but \`POST\` and
\`DELETE /api/session\` and \`GET /api/openapi.json\` needs an API key, as
\`Authorization: Bearer KEY\` or as the cookie of the page; the tenant comes from the key alone.
Without keys the console answers on loopback only.

Times are ms since the epoch, ISO 8601 (UTC unless it says otherwise) or relative (\`now-15m\`).
Services and operations come from the live store while the range lies in its window, from the search
store beyond.`;

/**
 * Checks and describes every route of the API by its schemas. Must be added before any route;
 * adding one that is not described throws.
 */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  app.setValidatorCompiler(validatorCompiler);
  // What we answer is not looked at each time: its schemas are for others, and tests hold us to them.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.addHook('onRoute', ({ url, schema }) => {
    const isDescribed = schema?.hide || (schema?.summary && schema.tags?.length);
    if (url.startsWith('/api/') && !isDescribed) throw new Error(`${url} is not described`);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Spillway query API', version: '1', description: about },
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      security: [{ bearer: [] }, { cookie: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'spillway_key' },
        },
      },
    },
    hideUntagged: true,
    transform: (document) => {
      const { schema, url } = transformRoute(document);
      return { schema: namedWildcard(schema), url: url.replace('*', ':id') };
    },
    transformObject: (document) => withoutInputs(transformDocument(document)),
  });
}

const describeApi: RouteText = {
  path: '/api/openapi.json',
  tag: 'description',
  summary: 'This description, as OpenAPI 3.1',
  isOpen: true,
};

/** Adds `/api/openapi.json`. It names no tenant and nothing that is stored, so it needs no key. */
export function addOpenApiRoute(app: FastifyInstance): void {
  const schema = schemaOf(describeApi, {
    answers: { 200: described('The document.', z.looseObject({})) },
  });
  let text: string | undefined;
  app.get(describeApi.path, { schema }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    reply.type('application/json; charset=utf-8');
    return text;
  });
}

interface Described {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}

/** What zod leaves out of what is read from text, as it would be of the type that it becomes. */
function override({ zodSchema, jsonSchema }: Described): void {
  const { def } = zodSchema._zod;
  if (def.type === 'default') jsonSchema.default = def.defaultValue;
  const examples = z.globalRegistry.get(zodSchema)?.examples;
  if (Array.isArray(examples)) jsonSchema.examples = examples;
}

const zodToJsonConfig = { override };
const transformRoute = createJsonSchemaTransform({ zodToJsonConfig });
const transformDocument = createJsonSchemaTransformObject({ zodToJsonConfig });

type Document = ReturnType<typeof transformDocument>;

/** Named schemas are those of answers; nothing refers to what they would be as input. */
function withoutInputs(document: Document): Document {
  const schemas = ('components' in document && document.components?.schemas) || {};
  for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name];
  return document;
}

/** OpenAPI has no wildcards: what Fastify calls `*` is called `id`. */
function namedWildcard(schema: FastifySchema): FastifySchema {
  // A route that has no schema is not described, and comes here all the same.
  const text = JSON.stringify(schema?.params);
  if (!text?.includes('"*"')) return schema;
  return { ...schema, params: JSON.parse(text.replaceAll('"*"', '"id"')) };
}
