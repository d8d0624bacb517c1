import type { KeyValue } from '@spillway/otlp';
import { text } from '@spillway/store/contract';

export interface Call {
  service: string;
  name: string;
  kind: number;
  /** Share of the parent's time. */
  share: number;
  attributes?: KeyValue[];
  calls?: Call[];
}

/** What the shop's front end is asked for, and whom it asks in turn. */
export const routes: { name: string; weight: number; baseMs: number; calls: Call[] }[] = [
  {
    name: 'GET /products',
    weight: 6,
    baseMs: 45,
    calls: [
      {
        service: 'catalog',
        name: 'Catalog/List',
        kind: 2,
        share: 0.6,
        calls: [
          {
            service: 'catalog',
            name: 'SELECT products',
            kind: 3,
            share: 0.7,
            attributes: [text('db.system.name', 'postgresql')],
          },
        ],
      },
      { service: 'currency', name: 'Currency/Convert', kind: 2, share: 0.2 },
    ],
  },
  {
    name: 'POST /cart',
    weight: 3,
    baseMs: 30,
    calls: [
      {
        service: 'cart',
        name: 'Cart/Add',
        kind: 2,
        share: 0.7,
        calls: [
          {
            service: 'cart',
            name: 'HSET cart',
            kind: 3,
            share: 0.5,
            attributes: [text('db.system.name', 'redis')],
          },
        ],
      },
    ],
  },
  {
    name: 'POST /checkout',
    weight: 2,
    baseMs: 240,
    calls: [
      {
        service: 'checkout',
        name: 'Checkout/PlaceOrder',
        kind: 2,
        share: 0.9,
        calls: [
          { service: 'cart', name: 'Cart/Get', kind: 2, share: 0.1 },
          {
            service: 'payment',
            name: 'Payment/Charge',
            kind: 2,
            share: 0.5,
            calls: [{ service: 'payment', name: 'POST acquirer.example', kind: 3, share: 0.8 }],
          },
          { service: 'inventory', name: 'Inventory/Reserve', kind: 2, share: 0.15 },
          { service: 'email', name: 'send confirmation', kind: 4, share: 0.12 },
        ],
      },
    ],
  },
];
