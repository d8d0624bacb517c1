import type { Random } from '@spillway/load';
import {
  call,
  consume,
  database,
  type Failure,
  type Line,
  outside,
  produce,
  type Route,
  type ServiceName,
  type Step,
  server,
} from './steps.ts';

export interface ShopState {
  /** The payment provider is slow and fails. */
  incident: boolean;
}

const slowChance = 0.01;
const slowFactor = 20;
const declinedChance = 0.03;
const databaseFailureChance = 0.004;
const incidentFailureChance = 0.45;

const stockTimeout: Failure = {
  type: 'QueryTimeout',
  message: 'canceling statement due to statement timeout',
  stack:
    'QueryTimeout: canceling statement due to statement timeout\n    at Pool.query (pool.ts:88:11)\n    at Stock.find (stock.ts:31:22)',
};
const providerTimeout: Failure = {
  type: 'ProviderTimeout',
  message: 'api.pay.example did not answer within 2500 ms',
  stack:
    'ProviderTimeout: api.pay.example did not answer within 2500 ms\n    at Provider.charge (provider.ts:57:13)\n    at Charges.create (charges.ts:24:30)',
};

/** One visit: most look at something, some take it, few pay. */
export function planVisit(random: Random, state: ShopState): Step {
  const visit = new Visit(random, state);
  const chance = random.unit();
  if (chance < 0.6) return visit.browse();
  return chance < 0.85 ? visit.fillCart() : visit.checkOut();
}

class Visit {
  readonly #random: Random;
  readonly #state: ShopState;
  readonly #sku: string;

  constructor(random: Random, state: ShopState) {
    this.#random = random;
    this.#state = state;
    this.#sku = `sku-${100 + random.below(40)}`;
  }

  browse(): Step {
    const cached = this.#random.chance(0.7);
    const lookup = this.#database('storefront', 'redis', 'GET', 'pages', 0.6);
    const stock = cached ? undefined : this.#stock('storefront');
    const calls = stock ? [lookup, stock] : [lookup];
    const status = stock?.failure ? 500 : 200;
    const route = { method: 'GET', template: '/products/{sku}', status } as const;
    return this.#storefront(route, 8, calls);
  }

  fillCart(): Step {
    const stock = this.#stock('cart');
    const write = this.#database('cart', 'redis', 'HSET', 'carts', 1);
    const status = stock.failure ? 500 : 200;
    const add = { method: 'POST', template: '/carts/{id}/items', status } as const;
    const body = { message: 'item was added', sku: this.#sku, count: 1 };
    const logs: Line[] = stock.failure ? [] : [{ severity: 'INFO', body }];
    const opened = { counter: 'shop.carts.open', value: 1, attributes: {} } as const;
    const counts = stock.failure || this.#random.chance(0.4) ? [] : [opened];
    const calls = stock.failure ? [stock] : [stock, write];
    const cart = this.#server('cart', add, 4, { calls, logs, counts });
    const route = { method: 'POST', template: '/cart', status } as const;
    return this.#storefront(route, 6, [call('storefront', cart)]);
  }

  checkOut(): Step {
    const order = this.#order();
    const status = Number(order.attributes['http.response.status_code']);
    const route = { method: 'POST', template: '/checkout', status } as const;
    return this.#storefront(route, 9, [call('storefront', order)]);
  }

  /** Writes a line of its access log, so that every trace has a log to lead to. */
  #storefront(route: Route & { status: number }, medianMs: number, calls: Step[]): Step {
    const { method, template, status } = route;
    const line: Line = { severity: 'INFO', body: `${method} ${template} answered ${status}` };
    return this.#server('storefront', route, medianMs, { calls, logs: [line] });
  }

  #order(): Step {
    const calls = [call('checkout', this.#readCart()), call('checkout', this.#reserve())];
    const reserved = !calls[1]?.failure;
    const charge = reserved ? call('checkout', this.#charge()) : undefined;
    if (charge) calls.push(charge);
    const charged = Number(charge?.attributes['http.response.status_code'] ?? 500);
    const status = charged === 200 ? 201 : charged === 402 ? 402 : 502;
    const totalEuro = Math.round(this.#random.latency(48) * 100) / 100;
    const outcome = status === 201 ? 'paid' : status === 402 ? 'declined' : 'failed';
    if (status === 201) {
      const insert = this.#database('checkout', 'postgresql', 'INSERT', 'orders', 3);
      calls.push(insert, call('checkout', this.#closeCart()), this.#announce());
    }
    const attributes = { 'shop.order.outcome': outcome };
    return this.#server('checkout', { method: 'POST', template: '/orders', status }, 7, {
      calls,
      logs: [orderLine(outcome, totalEuro)],
      counts: [
        { counter: 'shop.orders', value: 1, attributes },
        ...(status === 201
          ? [{ counter: 'shop.revenue', value: totalEuro, attributes: {} } as const]
          : []),
      ],
    });
  }

  #readCart(): Step {
    const read = this.#database('cart', 'redis', 'HGETALL', 'carts', 0.9);
    return this.#server('cart', { method: 'GET', template: '/carts/{id}' }, 3, { calls: [read] });
  }

  #closeCart(): Step {
    const calls = [this.#database('cart', 'redis', 'DEL', 'carts', 0.7)];
    const closed = { counter: 'shop.carts.open', value: -1, attributes: {} } as const;
    const route = { method: 'DELETE', template: '/carts/{id}' } as const;
    return this.#server('cart', route, 2, { calls, counts: [closed] });
  }

  #reserve(): Step {
    const update = this.#database('inventory', 'postgresql', 'UPDATE', 'stock', 4);
    const status = update.failure ? 500 : 200;
    const route = { method: 'POST', template: '/reservations', status } as const;
    return this.#server('inventory', route, 3, { calls: [update], logs: errorLines(update) });
  }

  #charge(): Step {
    const incident = this.#state.incident;
    const failed = incident && this.#random.chance(incidentFailureChance);
    const selfMs = failed ? 2500 : this.#random.latency(incident ? 1300 : 90, 0.35);
    const failure = failed ? providerTimeout : undefined;
    const provider = outside('payment', 'api.pay.example', { path: '/charges', selfMs, failure });
    const declined = !failed && this.#random.chance(declinedChance);
    const status = failed ? 504 : declined ? 402 : 200;
    const logs: Line[] = errorLines(provider);
    if (declined) logs.push({ severity: 'WARN', body: 'card was declined: insufficient funds' });
    if (incident && !failed) {
      const body = { message: 'provider answered late', elapsedMs: Math.round(selfMs) };
      logs.push({ severity: 'WARN', body });
    }
    const route = { method: 'POST', template: '/charges', status } as const;
    return this.#server('payment', route, 5, { calls: [provider], logs });
  }

  #announce(): Step {
    const insert = this.#database('shipping', 'postgresql', 'INSERT', 'shipments', 3);
    const route = { method: 'POST', template: '/shipments', status: 201 } as const;
    const ship = this.#server('shipping', route, 6, { calls: [insert] });
    const logs: Line[] = [{ severity: 'INFO', body: `shipment of ${this.#sku} was booked` }];
    const calls = [call('order-worker', ship)];
    const step = consume('order-worker', 'orders', this.#ms(11), { calls, logs });
    return produce('checkout', 'orders', { delayMs: this.#ms(25), step });
  }

  #stock(from: ServiceName): Step {
    const failed = this.#random.chance(databaseFailureChance);
    const query = { system: 'postgresql', operation: 'SELECT', table: 'stock' } as const;
    const failure = failed ? stockTimeout : undefined;
    const read = database('inventory', query, failed ? 1000 : this.#ms(3), failure);
    const route = { method: 'GET', template: '/stock/{sku}', status: failed ? 500 : 200 } as const;
    const logs = errorLines(read);
    return call(from, this.#server('inventory', route, 2, { calls: [read], logs }));
  }

  #database(
    service: ServiceName,
    system: 'postgresql' | 'redis',
    operation: string,
    table: string,
    medianMs: number,
  ): Step {
    return database(service, { system, operation, table }, this.#ms(medianMs));
  }

  #server(
    service: ServiceName,
    route: Route,
    medianMs: number,
    extra: Parameters<typeof server>[3],
  ): Step {
    return server(service, route, this.#ms(medianMs), extra);
  }

  #ms(medianMs: number): number {
    const factor = this.#random.chance(slowChance) ? slowFactor : 1;
    return this.#random.latency(medianMs) * factor;
  }
}

function orderLine(outcome: 'paid' | 'declined' | 'failed', totalEuro: number): Line {
  const body = { message: `order ${outcome}`, 'order.total': totalEuro, 'order.currency': 'EUR' };
  return { severity: outcome === 'failed' ? 'ERROR' : 'INFO', body };
}

function errorLines({ failure, name }: Step): Line[] {
  return failure ? [{ severity: 'ERROR', body: `${name} failed: ${failure.message}` }] : [];
}
