import { join } from 'node:path';
import type { TopicPartition, TopicSpec } from '@spillway/broker';
import type { FolderLock } from '@spillway/journal';
import type { EmbeddedConfig } from './config.ts';
import type { Group } from './group/group.ts';
import { Catalog } from './log/catalog.ts';
import { Logs } from './log/logs.ts';
import { Offsets } from './log/offsets.ts';
import { Retention } from './log/retention.ts';
import { roomOf } from './log/room.ts';
import { Producer } from './producer.ts';

/** What exists between start and stop. */
export interface Running {
  lock: FolderLock;
  catalog: Catalog;
  offsets: Offsets;
  logs: Logs;
  producer: Producer;
  retention: Retention;
  groups: Map<string, Group>;
}

/** The folder is locked and of our version. */
export async function openRunning(config: EmbeddedConfig, lock: FolderLock): Promise<Running> {
  const { dir, files, fsync, report, clock, messageBytesMax } = config;
  const room = roomOf(config);
  const catalog = new Catalog({ files, dir });
  await catalog.load();
  // What was read may have been written just before a kill, and not be durable yet.
  await files.syncDir(dir);
  const offsets = await Offsets.open({ files, path: join(dir, 'offsets'), fsync, report });
  const logs = new Logs({ config, lock, offsets });
  try {
    await logs.open(catalog.topics().flatMap(partitionsOf));
  } catch (error) {
    await Promise.allSettled([logs.close(), offsets.close()]);
    throw error;
  }
  const groups = new Map<string, Group>();
  const retention = new Retention({ config, logs, offsets, room });
  const producer = new Producer({
    logs,
    clock,
    room,
    messageBytesMax,
    onDurable: (topic) => {
      for (const group of groups.values()) group.wake(topic);
    },
    retention,
  });
  return { lock, catalog, offsets, logs, producer, retention, groups };
}

export function partitionsOf({ name, partitions }: TopicSpec): TopicPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }));
}
