import { expect, test } from 'vitest';
import { kafkaSection } from './config.ts';

const login = { mechanism: 'plain', username: 'u', password: 'p' };

test('nothing needs to be set', () => {
  expect(kafkaSection.parse(undefined)).toMatchObject({
    driver: 'platformatic',
    replicationFactor: 3,
    minInsyncReplicas: 2,
  });
});

test('a password is never sent in the clear beyond this machine', () => {
  const far = { bootstrap: ['127.0.0.1:9092', 'kafka.example:9092'], sasl: login };
  expect(problems(far)).toEqual([
    'tls.enabled: sasl would send the password in the clear to kafka.example:9092',
  ]);
  expect(problems({ ...far, tls: { enabled: true } })).toEqual([]);
  for (const near of ['localhost:9092', '127.0.0.1:9092', '[::1]:9092']) {
    expect(problems({ bootstrap: [near], sasl: login })).toEqual([]);
  }
});

test.for([
  [{ minInsyncReplicas: 4 }, /^minInsyncReplicas: more than replicationFactor/],
  [{ sasl: { mechanism: 'plain', password: 'p' } }, /^sasl.username: missing/],
  [{ sasl: { ...login, passwordFile: '/p' } }, /^sasl: needs either/],
  [{ tls: { enabled: true, certFile: 'c' } }, /^tls: certFile and keyFile go together/],
  [{ bootstrap: ['kafka'] }, /^bootstrap.0: host:port/],
] as const)('what cannot work is refused: %j', ([section, problem]) => {
  expect(problems(section)).toEqual([expect.stringMatching(problem)]);
});

function problems(section: object): string[] {
  const { error } = kafkaSection.safeParse(section);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}
