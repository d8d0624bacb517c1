import { ConfigError, type ConfigProblem, isLoopback } from '@spillway/runtime';
import type { GatewayConfig } from './section.ts';

/** Throws `ConfigError` for what each value allows alone but not together. */
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

/** The largest body must fit, or its sender would hear "later" for ever. */
function tooSmall(config: GatewayConfig): ConfigProblem[] {
  const limits = ['tenantLaneBytesMax', 'laneBytesMax', 'inFlightBytesMax'] as const;
  return limits
    .filter((key) => config[key] < config.bodyBytesMax)
    .map((key) => ({
      key: `gateway.${key}`,
      wanted: `at least gateway.bodyBytesMax (${config.bodyBytesMax})`,
      got: String(config[key]),
      source: 'gateway',
    }));
}
