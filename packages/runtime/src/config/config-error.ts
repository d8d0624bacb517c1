/** One value of a configuration that cannot be used. */
export interface ConfigProblem {
  /** Dotted path, e.g. `gateway.httpPort`. */
  key: string;
  wanted: string;
  got: string;
  /** Where the value came from: a file's name, an environment variable, a flag, or `default`. */
  source: string;
}

/** A configuration that must not start. The message lists every problem, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(['configuration is not usable:', ...problems.map(line)].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function line({ key, wanted, got, source }: ConfigProblem): string {
  return `  ${key}: wanted ${wanted}, got ${got} (from ${source})`;
}
