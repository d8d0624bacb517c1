/** The exit codes of commands, and what each means; `docs/reference/errors.md` lists them. */
export const exitCodes = {
  ok: {
    code: 0,
    means: 'The command did what it was asked to; an audit accounted for every record.',
    remedy: 'Nothing.',
  },
  finding: {
    code: 1,
    means:
      '`audit` found records that are unaccounted for or a note that is missing; `send` had records refused or unanswered; `up` did not stop in order before its deadline.',
    remedy: 'Read what the command printed.',
  },
  failed: {
    code: 2,
    means:
      'The command could not be done: a wrong option or setting, a missing data folder, memory that does not suffice, or a check of the start that refuses.',
    remedy: 'Correct what the message names.',
  },
  unknown: {
    code: 3,
    means: '`audit` could not know now: the broker or a store does not answer.',
    remedy: 'Bring the server back, then run the audit again.',
  },
  tooMuch: {
    code: 4,
    means:
      '`audit` or `deadletters` had more to compare at once than the memory for it holds, and printed no result for it.',
    remedy:
      'Ask for one tenant or a later time, or raise `console.ledgerBytesMax` and the memory of the process.',
  },
  interrupted: {
    code: 130,
    means: '`send` was interrupted (SIGINT); it printed what was acknowledged until then.',
    remedy: 'Nothing.',
  },
} as const satisfies Record<string, ExitCode>;

/** One exit code of the command line. */
interface ExitCode {
  code: number;
  /** When a command exits with it, in whole sentences. */
  means: string;
  /** What the operator can do. */
  remedy: string;
}
