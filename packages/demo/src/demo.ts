import { Random } from '@spillway/load';
import { isIncident } from './incident.ts';
import { perform } from './perform.ts';
import type { ServiceName } from './steps.ts';
import { createTelemetry, type GaugeName } from './telemetry.ts';
import { planVisit } from './visits.ts';

/** Where the demo sends its telemetry. */
interface DemoOptions {
  /** `http://host:port` of the OTLP/HTTP receiver. */
  httpEndpoint: string;
  /** API key with the scope `ingest`, where keys are in use. */
  key?: string | undefined;
}

/** A demo shop whose simulated visitors keep producing telemetry until it is stopped. */
export interface Demo {
  /** Ends the visits and sends what is waiting, for at most two seconds. Idempotent. */
  stop(): Promise<void>;
}

const meanGapMs = 200;
const firstVisits = 20;

/**
 * A small shop's traffic through the official OpenTelemetry SDK: about 5 visits and 30 spans a
 * second over seven services, with some errors, some slow outliers, and a payment provider that
 * is unwell for 30 s every 3 minutes.
 */
export function runDemo({ httpEndpoint, key }: DemoOptions): Demo {
  const random = new Random(Math.floor(Math.random() * 2 ** 32));
  const startedMs = performance.now();
  const incident = (): boolean => isIncident(performance.now() - startedMs);
  const gauge = (service: ServiceName, name: GaugeName): number =>
    gaugeValue({ service, name, random, incident: incident() });
  const telemetry = createTelemetry({ httpEndpoint, key, gauge });
  const visit = (): void => {
    perform(planVisit(random, { incident: incident() }), telemetry.services, Date.now());
  };
  let timer: NodeJS.Timeout;
  const goOn = (): void => {
    visit();
    timer = setTimeout(goOn, random.between(0, 2 * meanGapMs)).unref();
  };
  // The first export already has something of every service.
  for (let count = 0; count < firstVisits; count++) visit();
  goOn();
  return {
    async stop() {
      clearTimeout(timer);
      await telemetry.stop();
    },
  };
}

interface GaugeOptions {
  service: ServiceName;
  name: GaugeName;
  random: Random;
  incident: boolean;
}

function gaugeValue({ service, name, random, incident }: GaugeOptions): number {
  if (name === 'shop.queue.depth') return incident ? random.below(2) : random.below(6);
  if (name === 'shop.provider.connections') {
    return incident ? 29 + random.below(4) : 3 + random.below(4);
  }
  const usual = service === 'payment' ? 0.2 : 0.35;
  return usual + random.between(-0.1, 0.1);
}
