import { z } from 'zod';

const whole = () => z.number().int();
const path = (what: string) => z.string().min(1).optional().describe(what);

const tlsSection = z
  .object({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether to use TLS, and to check the certificate and the name of the server.'),
    caFile: path(
      'PEM file of the authorities to trust. When absent, those of the system are trusted.',
    ),
    certFile: path('PEM file of the client certificate.'),
    keyFile: path('PEM file of the private key that belongs to `certFile`.'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Name that the certificate of the server must have. When absent, it is the host of the URL.',
      ),
  })
  .prefault({});

/** The `store.write.postgres` section of the configuration. */
export const postgresSection = z
  .object({
    url: z
      .string()
      .default('postgresql://127.0.0.1:5432/spillway')
      .refine(isPlainUrl, 'must be postgresql://[user[:password]@]host[:port]/database')
      .describe(
        'Server and database as postgresql://[user[:password]@]host[:port]/database. User and password may be given here or on their own.',
      ),
    user: z
      .string()
      .min(1)
      .optional()
      .describe('User name, which takes precedence over the one in the URL.'),
    password: z
      .string()
      .optional()
      .describe('Password, which takes precedence over the one in the URL.'),
    passwordFile: path('File that holds the password, read again for each new connection.'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/)
      .default('spillway')
      .describe('Schema of all tables, created at the first start.'),
    poolMax: whole().min(1).max(100).default(4).describe('Most connections that write.'),
    readPoolMax: whole()
      .min(1)
      .max(100)
      .default(3)
      .describe(
        'Most connections that read. They are separate, so that no reader stops a write: for the two ledger queries that a console runs at once, and for an audit or a rebuild.',
      ),
    connectTimeoutMs: whole()
      .min(100)
      .default(5_000)
      .describe('Milliseconds to wait for a connection, whether a new one or one in use.'),
    statementTimeoutMs: whole()
      .min(100)
      .default(30_000)
      .describe('Milliseconds that one statement may take.'),
    lockTimeoutMs: whole()
      .min(100)
      .default(10_000)
      .describe('Milliseconds to wait for a lock that another writer or an operator holds.'),
    maintenanceTimeoutMs: whole()
      .min(1_000)
      .default(600_000)
      .describe('Milliseconds that one statement of a migration or of retention may take.'),
    tls: tlsSection,
  })
  .prefault({});

/** The values of `postgresSection`. */
export type PostgresSection = z.output<typeof postgresSection>;

interface CommonConfig {
  /**
   * How far back a record's own time may lie before its message's acceptance for the record to be
   * filed under it, ms. `retain` is what drops; it is the caller's to call.
   */
  retentionMs: number;
  report?: ((event: PostgresStoreEvent) => void) | undefined;
  /** Ms since the epoch. */
  now?: (() => number) | undefined;
}

/** Options of the write store in the data folder. */
export interface PostgresStoreConfig extends CommonConfig {
  /** Folder of the embedded database; made when missing. One process owns it. */
  dir: string;
}

/** Options of the write store on a PostgreSQL server. */
export type PostgresServerStoreConfig = PostgresSection & CommonConfig;

/** What an operator should know of the write store. */
export type PostgresStoreEvent =
  /** The database could not be trusted; it starts empty and the log fills it again. */
  | { type: 'store-set-aside'; path: string; reason: string }
  /** Damage was met while it was open: it takes nothing more, and the next start sets it aside. */
  | { type: 'store-damaged'; path: string; reason: string }
  /** The database died while it was open; it is opened again. */
  | { type: 'store-reopening'; reason: string }
  /** The server cannot work now; what was asked of it is refused until it can. */
  | { type: 'store-unavailable'; reason: string }
  | { type: 'store-available' };

/** Parameters such as `sslmode` have keys of their own here, and one meaning. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search } = new URL(text);
  const isPostgres = protocol === 'postgres:' || protocol === 'postgresql:';
  return isPostgres && hostname !== '' && /^\/[^/]+$/.test(pathname) && search === '';
}
