/** Opens a journal, says so, and holds it until it is killed. */
import { openJournal } from '../src/index.ts';

await openJournal({ dir: process.argv[2] as string, bytesMax: 1e6 });
process.stdout.write('open\n');
setInterval(() => {}, 1_000);
