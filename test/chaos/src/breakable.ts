/** Spillway as it is, on ports for files and time that the lab can break. */
import { registry, runCommandLine } from 'spillway';
import { plantFaults } from './faults/faulty-ports.ts';

const words = process.argv.slice(2);
plantFaults(words[words.indexOf('--data') + 1] ?? '.');
await runCommandLine(words, registry);
