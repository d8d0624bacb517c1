import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one side of a bench took in one round. */
export interface Cost {
  recordsPerSecond: number;
  /** CPU µs per record, user and system, of the side itself. */
  ownMicros: number;
  /** The same of the server that it used. */
  serverMicros: number;
}

export interface Side {
  name: string;
  /** Round 0 warms up and is not counted. */
  measure: (round: number) => Promise<Cost>;
}

export interface SideCost extends Cost {
  name: string;
}

export interface Server {
  /** User and system. */
  cpuSeconds(): number;
}

const roundsCounted = 3;
const restMs = 5_000;

/** Every side in turn, round after round; the median round of each, by the CPU time in all. */
export async function alternate(sides: readonly Side[]): Promise<SideCost[]> {
  const costs = new Map<string, Cost[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round <= roundsCounted; round++) {
    for (const { name, measure } of sides) {
      const cost = await measure(round);
      if (round > 0) costs.get(name)?.push(cost);
    }
  }
  return [...costs].map(([name, each]) => ({ name, ...medianOf(each) }));
}

/** What `run` takes of this process, of programs that it runs to their end, and of the server. */
export async function costOf(
  server: Server,
  records: number,
  run: () => Promise<void>,
): Promise<Cost> {
  const [own, children, theirs] = [process.cpuUsage(), childrenMicros(), server.cpuSeconds()];
  const startedAt = performance.now();
  await run();
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(own);
  return {
    recordsPerSecond: records / seconds,
    ownMicros: (user + system + childrenMicros() - children) / records,
    serverMicros: ((server.cpuSeconds() - theirs) * 1e6) / records,
  };
}

/** Less what it takes at rest, which a slow side would be charged with. */
export async function withoutRest(server: Server): Promise<Server> {
  const [before, startedAt] = [server.cpuSeconds(), performance.now()];
  await sleep(restMs);
  const perMs = (server.cpuSeconds() - before) / (performance.now() - startedAt);
  return { cpuSeconds: () => server.cpuSeconds() - perMs * (performance.now() - startedAt) };
}

/** The first side is ours; the others are what it is compared with. */
export function printCosts(title: string, unit: string, sides: readonly SideCost[]): void {
  const head = [`${unit}s/s`, 'own µs', "server's µs", 'rate', 'own', 'in all'];
  const ours = sides[0];
  if (ours === undefined) return;
  const lines = sides.map((side) => {
    const { name, recordsPerSecond, ownMicros, serverMicros } = side;
    const times = [
      ours.recordsPerSecond / recordsPerSecond,
      ours.ownMicros / ownMicros,
      totalOf(ours) / totalOf(side),
    ];
    const cells = [recordsPerSecond.toFixed(0), ownMicros.toFixed(1), serverMicros.toFixed(1)];
    return row(name, [...cells, ...times.map((ratio) => (side === ours ? '' : ratio.toFixed(2)))]);
  });
  const note = `${title}; CPU per ${unit}, medians of ${roundsCounted} rounds; right: ours ÷ theirs`;
  process.stdout.write(`\n${note}\n${row('', head)}${lines.join('')}`);
}

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(44)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
}

function medianOf(costs: readonly Cost[]): Cost {
  return costs.toSorted((a, b) => totalOf(a) - totalOf(b))[costs.length >> 1] as Cost;
}

function totalOf({ ownMicros, serverMicros }: Cost): number {
  return ownMicros + serverMicros;
}

/** proc(5): cutime and cstime, in ticks of 10 ms. */
function childrenMicros(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10_000;
}
