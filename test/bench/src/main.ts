import { benchGateway } from './gateway.ts';
import { benchJournal } from './journal.ts';
import { benchKafka } from './kafka.ts';
import { benchNoise } from './noise.ts';
import { benchSinks } from './sinks/sinks.ts';
import { benchWhole } from './whole.ts';
import { benchWire } from './wire.ts';

const benches: Readonly<Record<string, () => Promise<void>>> = {
  wire: benchWire,
  journal: benchJournal,
  gateway: benchGateway,
  noise: benchNoise,
  kafka: benchKafka,
  sinks: benchSinks,
  whole: benchWhole,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length) {
  const known = Object.keys(benches).join(', ');
  process.stderr.write(`bench: wanted some of ${known}, got ${unknown.join(', ')}\n`);
  process.exit(2);
}
for (const [name, run] of Object.entries(benches)) {
  if (!wanted.length || wanted.includes(name)) await run();
}
