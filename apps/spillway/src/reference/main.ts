/** `npm run docs`: writes `docs/reference` from the code. */
import { writeFileSync } from 'node:fs';
import { referencePages } from './pages.ts';

const folder = new URL('../../../../docs/reference/', import.meta.url);
for (const { file, render } of referencePages) {
  writeFileSync(new URL(file, folder), `${await render()}\n`);
}
