/** Writes `docs/reference/query-api.md` as a running console describes itself. */
import { writeFile } from 'node:fs/promises';
import { runConsole } from '../support/running-console.ts';
import { readDocument, referencePath, renderReference } from './render-reference.ts';

const console = await runConsole({ messages: [] });
await writeFile(referencePath, renderReference(await readDocument(console.address)));
await console.stop();
