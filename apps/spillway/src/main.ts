import { adapters } from './adapters.ts';
import { runCommandLine } from './command-line.ts';

await runCommandLine(process.argv.slice(2), adapters);
