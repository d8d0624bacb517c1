import { ConfigError, type ConfigProblem, isLoopback } from '@spillway/runtime';
import type { GatewayConfig } from './config.ts';

/**
 * Checks what each value allows alone but not together.
 * @throws ConfigError which names every setting that does not fit the others
 */
export function checkGatewayConfig(config: GatewayConfig): void {
  const problems = [...openDoors(config), ...halfTls(config), ...tooSmall(config)];
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Without keys everybody who reaches the door may write: then only this machine may reach it. */
function openDoors(config: GatewayConfig): ConfigProblem[] {
  if (config.keysFile) return [];
  return (['httpHost', 'grpcHost'] as const)
    .filter((key) => !isLoopback(config[key]))
    .map((key) => ({
      key: `gateway.${key}`,
      wanted: 'a loopback address, or gateway.keysFile set',
      got: `"${config[key]}" without API keys`,
      source: 'gateway',
    }));
}

function halfTls({ certFile, keyFile }: GatewayConfig): ConfigProblem[] {
  if (Boolean(certFile) === Boolean(keyFile)) return [];
  const key = certFile ? 'gateway.keyFile' : 'gateway.certFile';
  const wanted = 'a certificate and its key, or neither';
  return [{ key, wanted, got: 'nothing', source: 'gateway' }];
}

/**
 * The largest body must fit, and what it grows from, or its sender would be refused for ever: it
 * grows into its memory from a quarter of it, and one tenant alone may hold 58 % of what all share.
 */
const bodiesThatFit = {
  tenantSignalBytesMax: 1.25,
  signalBytesMax: 2.25,
  inFlightBytesMax: 2.25,
} as const;

type BodyKey = keyof typeof bodiesThatFit;
const bodyKeys = Object.keys(bodiesThatFit) as BodyKey[];

/** What the limits of bytes have to be at least for the largest body. */
export function bytesForBody({ bodyBytesMax }: Pick<GatewayConfig, 'bodyBytesMax'>) {
  const least = bodyKeys.map((key) => [key, Math.ceil(bodiesThatFit[key] * bodyBytesMax)]);
  return Object.fromEntries(least) as Record<BodyKey, number>;
}

function tooSmall(config: GatewayConfig): ConfigProblem[] {
  const least = bytesForBody(config);
  return bodyKeys
    .filter((key) => config[key] < least[key])
    .map((key) => ({
      key: `gateway.${key}`,
      wanted: `at least ${bodiesThatFit[key]} times gateway.bodyBytesMax (${config.bodyBytesMax})`,
      got: String(config[key]),
      source: 'gateway',
    }));
}
