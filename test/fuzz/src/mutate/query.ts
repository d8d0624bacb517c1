import { mutateBytes } from './bytes.ts';
import type { Mutation } from './mutation.ts';

const trace = '5b8efff798038103d269b633813fc60c';
export const querySeeds: readonly string[] = [
  'GET /api/traces?service=my.service&operation=op&minDurationMs=1&maxDurationMs=9&status=ok&from=now-1h&to=now&limit=5&attr.n=1',
  `GET /api/traces/${trace}`,
  `GET /api/logs?query=x&traceId=${trace}&spanId=eee19b7ec3c1b174&service=a&severity=warn&from=0&to=now&order=asc&limit=3`,
  'GET /api/logs/histogram?from=now-15m&to=now&bars=20&query=a',
  'GET /api/services?from=now-15m&limit=2',
  'GET /api/services/my.service/operations?from=2018-12-13&to=2018-12-14',
  'GET /api/map?from=now-5m',
  'GET /api/metrics?search=my&from=0&limit=3',
  'GET /api/metrics/query?name=my.counter&agg=rate&groupBy=a,b&service=x&step=60s&from=2018-12-13&to=2018-12-14&series=3&attr.k=v',
  'GET /api/metrics/query?name=my.histogram&agg=p99&from=0&to=now',
  'GET /api/metrics/points?name=my.gauge&from=0&to=now&limit=2&cursor=abc',
  'GET /api/dead-letters?signal=logs&group=writer&code=x&all=true&limit=3',
  'GET /api/dead-letters/logs/0/0',
  'GET /api/lag',
  'GET /api/status',
  'GET /api/pipeline',
  'GET /api/dependencies',
  'GET /api/ledger?since=now-1h',
  'GET /api/session',
  'GET /metrics',
  'GET /ready',
  'GET /live',
  'GET /',
  'GET /assets/../index.html',
  'POST /api/session\n\n{"key":"x"}',
  'POST /api/dead-letters/resubmit\n\n{"ids":["logs/0/0"]}',
  'POST /api/dead-letters/resubmit\n\n{"code":"malformed-record","group":"writer"}',
  'DELETE /api/session',
  'HEAD /api/lag',
  'OPTIONS /api/lag\norigin: https://example.com',
];

const values = [
  '',
  '0',
  '-1',
  '1',
  '1e3',
  '01',
  '999999999999999',
  '9007199254740993',
  'NaN',
  'Infinity',
]
  .concat([
    'now',
    'now+999999999999w',
    'now-999999999999w',
    'now-0s',
    'now+1ms',
    'now-1x',
    'now--1s',
  ])
  .concat([
    '9999-12-31',
    '0000-01-01',
    '2026-02-30',
    '2026-11-29T00:00:00%2B99:00',
    '10000-01-01',
    '-000001-01-01',
  ])
  .concat([
    '%00',
    '%ff',
    '%',
    '%u0041',
    '%E2%80%AE',
    "'",
    '"',
    '%27%20OR%201=1--',
    '%25',
    '%5C',
    '_',
    '*',
    '(',
    '[',
    '.*',
  ])
  .concat([
    'a'.repeat(1_000),
    'a'.repeat(1_001),
    'a'.repeat(4_001),
    ','.repeat(30),
    'a,b,c,d,e',
    'a,b,c,d,e,f',
  ])
  .concat([
    'warn',
    'WARN',
    '24',
    '25',
    'asc',
    'p99',
    'rate',
    '1w',
    '0ms',
    '1ms',
    '31536000s',
    'ok',
    'true',
    trace,
  ])
  .concat([
    'eyJ0IjoxfQ',
    'W10',
    'e30',
    'bnVsbA',
    'WzEsMl0',
    'eyJ0Ijoie30ifQ',
    '1.2',
    '1/2/3',
    'logs/0/1e99',
    '..',
    '%2e%2e%2f',
  ]);
const names = [
  'from',
  'to',
  'limit',
  'cursor',
  'query',
  'service',
  'step',
  'bars',
  'series',
  'agg',
  'name',
].concat([
  'groupBy',
  'attr.',
  'attr.__proto__',
  'attr.a',
  '__proto__',
  'constructor',
  'order',
  'since',
  'all',
  'severity',
]);
const headers = [
  'authorization: Bearer x',
  'cookie: spillway_key=%',
  'cookie: spillway_key=%ff; a',
  'host: evil',
  'origin: null',
]
  .concat([
    'sec-fetch-site: cross-site',
    'accept-encoding: br',
    'if-none-match: *',
    'range: bytes=0-',
    'content-encoding: gzip',
  ])
  .concat([
    'expect: 100-continue',
    'x-forwarded-for: 1',
    'content-type: text/plain',
    'content-type: application/json; x',
  ]);

/** Changes parameters of a question: their names, values, number; its path; a header. */
export function mutateQuery(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, bytesMax } = mutation;
  if (random.chance(0.08)) return mutateBytes(input, mutation);
  const text = Buffer.from(input).toString('latin1');
  const [line = '', ...rest] = text.split('\n');
  const [method = 'GET', target = '/'] = line.split(' ', 2);
  const [path = '/', query = ''] = target.split(/\?(.*)/s, 2);
  const pairs = query.split('&').filter((pair) => pair !== '');
  for (let changes = 1 + random.below(3); changes > 0; changes--) change(pairs, mutation);
  const changedPath = random.chance(0.08) ? pathLike(path, mutation) : path;
  const changedMethod = random.chance(0.02)
    ? random.pick(['POST', 'PUT', 'GET', 'HEAD', 'DELETE', 'X'])
    : method;
  if (random.chance(0.06)) rest.unshift(random.pick(headers));
  const start = `${changedMethod} ${changedPath}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
  return Buffer.from([start, ...rest].join('\n'), 'latin1').subarray(0, bytesMax);
}

function change(pairs: string[], { random, other }: Mutation): void {
  const at = random.below(pairs.length + 1);
  const [name = 'from'] = (pairs[at] ?? '').split('=');
  switch (random.below(7)) {
    case 0:
      pairs.splice(at, 1);
      return;
    case 1:
      pairs.splice(at, 0, `${random.pick(names)}=${random.pick(values)}`);
      return;
    case 2:
      pairs.push(pairs[at] ?? 'from=0');
      return;
    case 3: {
      const spliced = Buffer.from(other()).toString('latin1').split('?')[1]?.split('&');
      if (spliced) pairs.push(random.pick(spliced));
      return;
    }
    default:
      pairs[at] = `${name}=${random.pick(values)}`;
  }
}

function pathLike(path: string, { random }: Mutation): string {
  const parts = path.split('/');
  parts[1 + random.below(parts.length)] = random.pick(values);
  return parts.join('/').replace(/[\s]/g, '');
}
