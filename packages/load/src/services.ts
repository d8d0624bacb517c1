/** The services that `spillway send` speaks for: an invented shop. */
import type { KeyValue, Resource, Scope } from '@spillway/otlp';
import { int, text } from './attributes.ts';

export interface Service {
  name: string;
  resource: Resource;
  scope: Scope;
  routes: readonly Route[];
  table: string;
}

export interface Route {
  method: string;
  template: string;
}

/** Name, language, the noun of its routes and of its table. */
const catalogue = [
  ['storefront', 'nodejs', 'pages'],
  ['cart', 'go', 'carts'],
  ['checkout', 'java', 'orders'],
  ['payment', 'java', 'payments'],
  ['inventory', 'python', 'items'],
  ['shipping', 'go', 'shipments'],
  ['catalog', 'nodejs', 'products'],
  ['search', 'java', 'queries'],
  ['accounts', 'dotnet', 'accounts'],
  ['recommendations', 'python', 'recommendations'],
  ['mailer', 'ruby', 'mails'],
  ['fraud-check', 'python', 'checks'],
] as const;

/** The first `count` services, at most 12; resource and scope are shared by all that they send. */
export function createServices(count: number): Service[] {
  return catalogue.slice(0, count).map(([name, language, noun], index) => ({
    name,
    resource: resourceOf(name, language, index),
    scope: scopeOf(name, language),
    routes: [
      { method: 'GET', template: `/api/${noun}` },
      { method: 'GET', template: `/api/${noun}/{id}` },
      { method: 'POST', template: `/api/${noun}` },
      { method: 'DELETE', template: `/api/${noun}/{id}` },
    ],
    table: noun,
  }));
}

function resourceOf(name: string, language: string, index: number): Resource {
  const attributes: KeyValue[] = [
    text('service.name', name),
    text('service.namespace', 'shop'),
    text('service.version', `1.${index}.3`),
    text('service.instance.id', `${name}-0`),
    text('deployment.environment.name', 'production'),
    text('host.name', `node-${index % 3}`),
    int('process.pid', 4000 + index),
    text('telemetry.sdk.language', language),
    text('telemetry.sdk.name', 'opentelemetry'),
    text('telemetry.sdk.version', '1.45.0'),
  ];
  const schemaUrl = 'https://opentelemetry.io/schemas/1.37.0';
  return { hash: '', service: name, attributes, droppedAttributesCount: 0, schemaUrl };
}

function scopeOf(name: string, language: string): Scope {
  return {
    hash: '',
    name: `io.opentelemetry.${language}.${name}`,
    version: '0.60.1',
    attributes: [],
    droppedAttributesCount: 0,
    schemaUrl: '',
  };
}
