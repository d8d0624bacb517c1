/** Questions as somebody hostile asks them, made from a seed so that a run can be repeated. */

/** 0 to 1. Source: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const range = ['from', 'to'];
const page = ['limit', 'cursor'];
const logFilters = [...range, 'query', 'traceId', 'spanId', 'service', 'severity', 'attr.user'];

/** What each route takes: what it does not take ends the question at once. */
const routes: Readonly<Record<string, readonly string[]>> = {
  '/api/services': [...range, 'limit'],
  '/api/services/shop/operations': [...range, 'limit'],
  '/api/map': range,
  '/api/traces': [
    ...[...range, ...page, 'service', 'operation', 'minDurationMs', 'maxDurationMs', 'status'],
    ...['attr.user', 'attr.__proto__', 'cursor'],
  ],
  [`/api/traces/${'a'.repeat(32)}`]: [],
  '/api/logs': [...logFilters, ...page, 'order', 'cursor'],
  '/api/logs/histogram': [...logFilters, 'bars'],
  '/api/metrics': [...range, 'search', 'limit'],
  '/api/metrics/query': [...range, 'groupBy', 'agg', 'service', 'step', 'series', 'attr.user'],
  '/api/metrics/points': [...range, ...page, 'cursor'],
  '/api/ledger': ['since'],
  '/api/lag': [],
  '/api/status': [],
  '/api/pipeline': [],
  '/api/dependencies': [],
  '/api/dead-letters': [...page, 'signal', 'group', 'code', 'all'],
  '/api/dead-letters/traces/0/1': [],
  '/api/session': [],
  '/metrics': [],
  '/ready': [],
};
const needsName = /^\/api\/metrics\/(query|points)$/;

const foreign = ['tenant', '__proto__', 'constructor', 'attr.', 'attr.a%00b', 'limit', 'cursor'];

const base64 = (text: string): string => Buffer.from(text).toString('base64url');

const numbers = [
  ...['0', '-1', '1', '2', '10', '500', '501', '1000', '1001', '1e9', '1e400', 'NaN', 'Infinity'],
  ...['-Infinity', '0x10', '1.5', '.5', '1_000', '00000000001', '9'.repeat(15), '9'.repeat(16)],
  ...['9'.repeat(400), '18446744073709551616', '-9223372036854775809', '٣'],
];
const times = [
  ...['now', 'now-1h', 'now-15m', 'now+999999999999w', 'now-999999999999w', 'now-', 'now+1x'],
  ...['now--1h', '1970-01-01', '1969-12-31', '2199-12-31', '2200-01-01', '9999-12-31T23:59:59Z'],
  ...['0000-01-01', '2026-02-31', '2026-01-01T25:00', '2026-01-01T00:00:00%2B99:99', 'yesterday'],
  ...['999999999999999', '7258118399999', '7258118400000', '2026-01-01(comment)', '-000001-01-01'],
];
const durations = ['1ms', '1s', '1h', '999999999999w', '0', '0ms', '1y', '-1s', '366d', '367d'];
const cursors = [
  base64('[]'),
  base64('["1"]'),
  base64('["1","2"]'),
  base64('["1","2","3"]'),
  base64('["1","2","3","4","5"]'),
  base64('["1","2","3","4","5","6"]'),
  base64(JSON.stringify(Array.from({ length: 2 }, () => '9'.repeat(39)))),
  base64(JSON.stringify(Array.from({ length: 3 }, () => `-${'9'.repeat(20)}`))),
  base64(JSON.stringify(Array.from({ length: 5 }, () => '9'.repeat(39)))),
  base64(JSON.stringify(['1767225600000', '1', '9223372036854775808', '1', '1'])),
  base64(JSON.stringify(['1767225600000', '1', '1', '2147483648', '1'])),
  base64(JSON.stringify(['1767225600000', '1767225600000'])),
  base64('{"length":2}'),
  base64('"x"'),
  'traces/0/0',
  'A'.repeat(3_999),
  'A'.repeat(4_001),
];
const texts = [
  ...['x', '', '%00', 'a%00b', '%ED%A0%80', '%C0%AF', '%FF', '%', '%zz', '%E0%A4', '+', '%2B'],
  ...["'%20OR%201=1--", '%22%7D%7D', '$1', '$999', '%25', '_', '*', '?', '\\', '%5C%22', '{}'],
  ...['%F0%9F%9B%92', '%E2%80%AE', '%1B[2J', '../../etc/passwd', 'a'.repeat(1_000), 'true'],
  ...['a'.repeat(1_001), 'w%20'.repeat(300), '(((((', 'NOT%20(', 'service', 'p99', 'rate', 'asc'],
  ...['avg', 'shop', 'a,b,c,d,e', 'a,b,c,d,e,f', ',', 'error', 'fatal', 'traces', 'logs', 'warn'],
];
const all = [...numbers, ...times, ...durations, ...cursors, ...texts];

const metrics = ['http.server.request.duration', 'email.queue.depth'];

/** What the values of a parameter are mostly taken from, so that some get past the first look. */
const fitting: Readonly<Record<string, readonly string[]>> = {
  from: times,
  to: times,
  since: times,
  limit: numbers,
  bars: numbers,
  series: numbers,
  step: durations,
  cursor: cursors,
  minDurationMs: numbers,
  maxDurationMs: numbers,
  order: ['asc', 'desc'],
  status: ['ok', 'error'],
  signal: ['traces', 'logs', 'metrics'],
  severity: ['1', '24', '25', 'warn', 'x'],
  agg: ['avg', 'sum', 'last', 'rate', 'count', 'p50', 'p99', 'median'],
  traceId: ['a'.repeat(32), 'A'.repeat(32), 'a'.repeat(31), 'x'.repeat(32)],
  spanId: ['a'.repeat(16), '0'.repeat(16), 'x'],
};

/** A path with a query string, as it goes on the wire. */
export function hostileQuestion(random: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const [route, own] = pick(Object.entries(routes));
  let path = route;
  // Of other paths the page is asked for, which need not be built.
  if (path.startsWith('/api/') && random() < 0.1) path = path.replace(/[^/]+$/, () => pick(texts));
  const pairs = Array.from({ length: Math.floor(random() * 4) }, () => {
    const name = own.length > 0 && random() < 0.97 ? pick(own) : pick(foreign);
    const value = pick(random() < 0.9 ? (fitting[name] ?? texts) : all);
    return random() < 0.02 ? name : `${name}=${value}`;
  });
  if (needsName.test(route) && random() < 0.95) pairs.push(`name=${pick(metrics)}`);
  if (random() < 0.03 && pairs[0]) pairs.push(pairs[0]);
  const question = pairs.length ? `${path}?${pairs.join('&')}` : path;
  return question.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}
