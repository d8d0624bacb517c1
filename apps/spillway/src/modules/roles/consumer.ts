/** What the modules that run a consumer have in common. */
import { type Broker, topicOf } from '@spillway/broker';
import type { Component } from '@spillway/runtime';
import type { SpillFolder } from '../../folder/spill-folder.ts';
import type { Restartable } from '../../process/restartable.ts';
import type { Gather } from '../../registry/module.ts';
import { folderWatchModule } from '../process/folder-watch.ts';
import { inFlightModule } from '../process/in-flight.ts';
import { spillModule } from '../process/spill.ts';
import { healthUnlessSpilling } from '../process/spilling.ts';
import { topicsModule } from '../process/topics.ts';
import { brokerModule } from '../servers/broker.ts';
import { fleetModule } from '../servers/fleet.ts';

export const mebibyte = 1_048_576;

/** The topics of traces, metrics and logs. */
export const otlpTopics: readonly string[] = Object.values(topicOf);

export const consumerNeeds = {
  broker: brokerModule,
  topics: topicsModule,
  fleet: fleetModule,
  crashRecord: inFlightModule,
};

/**
 * The modules that start before a consumer where the process has them. The folder watch comes
 * first, since a consumer's retention would move the log on before what was set aside is looked at.
 */
export const consumerUses = { spill: spillModule, folderWatch: folderWatchModule };

/** The consumers that run in the process. */
export const consumers: Gather<Restartable> = {
  gather: ({ consumer }) => consumer && ((made) => consumer.of(made)),
};

/**
 * Makes the component of a consumer, which is healthy while the broker is away and the gateway can
 * spill.
 */
export function consumerComponents(
  consumer: Restartable,
  beside: { broker: Broker; spill: SpillFolder | undefined },
): Component[] {
  return [
    {
      name: consumer.name,
      start: () => consumer.start(),
      stop: () => consumer.stop(),
      health: () => healthUnlessSpilling(consumer.health(), beside),
    },
  ];
}
