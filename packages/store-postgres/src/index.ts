export type { PostgresStoreConfig, PostgresStoreEvent } from './config.ts';
export {
  DatabaseError,
  FolderInUseError,
  SchemaTooNewError,
  StoreUnavailableError,
} from './errors.ts';
export { createPostgresStore } from './postgres-store.ts';
