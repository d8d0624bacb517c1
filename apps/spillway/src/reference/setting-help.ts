import { leavesOf, nearestName } from '@spillway/runtime';
import { OperationError } from '../cli/operation-error.ts';
import { spillwaySchema } from '../config.ts';

/**
 * Describes one setting for `spillway config --help KEY`.
 * @throws OperationError for an unknown key, with the known key that is closest to it
 */
export function settingHelp(key: string): string {
  const leaves = leavesOf(spillwaySchema);
  const leaf = leaves.find((each) => each.key === key);
  if (!leaf)
    throw new OperationError(
      unknownKey(
        key,
        leaves.map((each) => each.key),
      ),
    );
  const { description, type, secret, defaultValue, env, flag } = leaf;
  return [
    leaf.key,
    `  ${description}`,
    '',
    `  type         ${type}${secret ? ' (a secret: masked wherever it is shown)' : ''}`,
    `  default      ${defaultValue === undefined ? 'absent' : JSON.stringify(defaultValue)}`,
    `  environment  ${env}`,
    `  flag         ${flag}`,
  ].join('\n');
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  const hint = near === undefined ? '`spillway config` lists them all' : `did you mean ${near}?`;
  return `there is no setting ${key}; ${hint}`;
}
