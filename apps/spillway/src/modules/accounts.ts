import type { Account } from '../audit/audit-sources.ts';
import type { Gather } from '../registry/module.ts';

/** Every store that is accounted for, with its side of the ledger. */
export const accounts: Gather<Account> = {
  gather: ({ account }) => account && ((made) => ({ sink: account.sink, side: account.of(made) })),
};
