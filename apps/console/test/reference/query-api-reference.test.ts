import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addOpenApi } from '../../src/openapi/openapi.ts';
import { type RunningConsole, runConsole } from '../support/running-console.ts';
import {
  readDocument,
  referencePath,
  renderReference,
  type SchemaNode,
} from './render-reference.ts';

let console: RunningConsole;
beforeAll(async () => {
  console = await runConsole({ messages: [] });
});
afterAll(() => console.stop());

it('is valid OpenAPI, and everything that it refers to is in it', async () => {
  const document = await readDocument(console.address);
  const { valid, errors } = await new Validator().validate({ ...document });
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  const known = Object.keys(document.components.schemas);
  const meant = JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g);
  const names = new Set([...meant].map(([, name]) => name));
  expect([...names].filter((name) => name === undefined || !known.includes(name))).toEqual([]);
  expect(known.filter((name) => !names.has(name))).toEqual([]);
});

it('docs/reference/query-api.md is what `npm run docs` writes', async () => {
  const page = await readFile(referencePath, 'utf8');
  expect(page).toBe(renderReference(await readDocument(console.address)));
});

it('no route of the API can be added that is not described', async () => {
  const app = Fastify();
  await addOpenApi(app);
  expect(() => app.get('/api/secret', async () => 'x')).toThrow('/api/secret is not described');
  expect(() => app.get('/elsewhere', async () => 'x')).not.toThrow();
});

it('every parameter and every route says what it means', async () => {
  const { paths } = await readDocument(console.address);
  for (const [path, operations] of Object.entries(paths)) {
    for (const { summary, parameters = [] } of Object.values(operations)) {
      expect(summary, path).toMatch(/\w/);
      const silent = parameters.filter(({ description }) => !description);
      expect(
        silent.map(({ name }) => name),
        path,
      ).toEqual([]);
    }
  }
});

it('every field of an answer, and of what is sent, says what it means', async () => {
  const { paths, components } = await readDocument(console.address);
  const bodies = Object.values(paths).flatMap((operations) =>
    Object.values(operations).flatMap(({ responses, requestBody }) =>
      [...Object.values(responses), requestBody].flatMap((body) =>
        Object.values(body?.content ?? {}).map(({ schema }) => schema),
      ),
    ),
  );
  const silent = [...bodies, ...Object.values(components.schemas)].flatMap(silentFields);
  expect([...new Set(silent)]).toEqual([]);
});

/** Names of the fields that have no description; a named type has its own. */
function silentFields(schema: SchemaNode): string[] {
  const { properties = {}, anyOf = [], items, additionalProperties } = schema;
  const inner = [...anyOf, items, additionalProperties].filter((each) => each !== undefined);
  return [
    ...Object.entries(properties).flatMap(([name, field]) => [
      ...(field.description || field.$ref ? [] : [name]),
      ...silentFields(field),
    ]),
    ...inner.flatMap((each) => (each ? silentFields(each) : [])),
  ];
}
