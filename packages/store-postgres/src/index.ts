export {
  type PostgresSection,
  type PostgresServerStoreConfig,
  type PostgresStoreConfig,
  type PostgresStoreEvent,
  postgresSection,
} from './config.ts';
export {
  DatabaseError,
  FolderInUseError,
  MigrationChangedError,
  SchemaTooNewError,
  ServerUnsuitableError,
  StoreUnavailableError,
} from './errors.ts';
export { createPostgresServerStore } from './postgres-server-store.ts';
export { createPostgresStore } from './postgres-store.ts';
