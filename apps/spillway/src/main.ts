import { runCommandLine } from './cli/command-line.ts';
import { registry } from './modules/index.ts';

// Stores and logs hold what clients sent: their folders and files are for this user alone.
process.umask(0o077);
await runCommandLine(process.argv.slice(2), registry);
