/** What an input did that no input may do. */
export interface Finding {
  target: string;
  kind: /** An exception of a type that is not the target's own, or a promise broken. */
    | 'error'
    /** The process under test ended. */
    | 'crash'
    /** More than a second of CPU for one input. */
    | 'hang'
    /** More memory than the stated limit. */
    | 'memory'
    /** A 5xx that is not 503, or a 503 that no overload explains. */
    | 'answer'
    /** What was answered 200 is not all accounted for. */
    | 'audit';
  message: string;
  seed: number;
  /** How many inputs this run had given the target. */
  inputs: number;
  /** Undefined when no single input is to blame. */
  input?: Uint8Array | undefined;
}

/** Findings of one cause count once: numbers, ids and paths are left out. */
export function causeOf({ target, kind, message }: Finding): string {
  const [first = '', ...stack] = message.split('\n');
  const place = stack.find((line) => /\/(packages|apps)\/[^/]+\/src\//.test(line)) ?? '';
  const text = `${first.slice(0, 200)} ${/([^/\s(]+:\d+)/.exec(place)?.[1] ?? ''}`;
  return `${target} ${kind} ${text.replace(/0x[0-9a-f]+|[0-9a-f]{8,}|\d+/gi, '#')}`;
}
