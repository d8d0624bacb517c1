import { partitionName, type TopicPartition } from '@spillway/broker';
import { fullJitterMs, messageOf } from '@spillway/resilience';
import { Connections } from '../platformatic/connections.ts';
import { Identity } from './identity/identity.ts';
import { clusterIdOf, newProducerId } from './identity/producer-id.ts';
import { Leaders } from './leaders.ts';
import type { Link } from './link.ts';
import { Links } from './links.ts';
import type { SenderOptions } from './options.ts';
import type { Batch } from './partition/batch.ts';
import type { PartitionProducerOptions } from './partition/partition-producer.ts';
import type { Refusal } from './partition/producer-batch.ts';
import { Route } from './partition/route.ts';
import { verdictsOf } from './partition/verdict.ts';
import { Requests, type Sent } from './requests.ts';
import { encodeProduce } from './wire/produce-request.ts';

const tickMs = 20;
const backoffLimits = { baseMs: 80, maxMs: 1_000 };
/** The leader answers that its replicas are slow before the request is given up. */
const replicasShare = 0.8;

/** Moves batches from their partitions to the leaders of their partitions, and the answers back. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #connections: Connections;
  readonly #leaders: Leaders;
  readonly #links: Links;
  readonly #identity: Identity;
  readonly #producerOptions: PartitionProducerOptions;
  readonly #routes = new Map<string, Route>();
  /** Routes with batches. */
  readonly #active = new Set<Route>();
  /** Nodes that are out of reach, and were reported so. */
  readonly #lost = new Set<number>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #identifying = false;
  #trouble: string | undefined;

  constructor(options: SenderOptions) {
    const { nowMs, report } = options;
    const { signal } = this.#closing;
    const backoffMs = (failures: number) =>
      fullJitterMs(failures, { ...backoffLimits, random: options.random });
    this.#options = options;
    this.#connections = new Connections(options);
    this.#leaders = new Leaders({
      connections: this.#connections,
      nowMs,
      backoffMs,
      onAsked: (trouble) => {
        if (trouble !== undefined) report({ type: 'leaders-unknown', message: trouble });
        this.#trouble = trouble;
        this.#drive(this.#active);
      },
    });
    this.#links = new Links({
      ...options,
      backoffMs,
      addressOf: (node) => this.#leaders.addressOf(node),
      onReady: (node) => {
        this.#lost.delete(node);
        this.#drive(this.#active);
      },
      onClosed: (node, message) => this.#onLinkClosed(node, message),
    });
    const asking = { ...options, ...backoffLimits, connections: this.#connections, abort: signal };
    this.#identity = new Identity({
      ...options,
      newProducerId: () => newProducerId(asking),
      clusterId: () => clusterIdOf(asking),
    });
    this.#producerOptions = { backoffMs, mayUse: (id, used) => this.#identity.mayUse(id, used) };
  }

  /** Why nothing was acknowledged of late; undefined when something was. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get idle(): boolean {
    return this.#active.size === 0;
  }

  /** Rejects with what went wrong last when no broker answers in good time. */
  open(): Promise<void> {
    return this.#identity.open();
  }

  send(batches: readonly Batch[]): void {
    const routes = new Set<Route>();
    for (const batch of batches) {
      const route = this.#routeOf(batch.place);
      route.producer.add(batch);
      routes.add(route);
      this.#active.add(route);
    }
    this.#drive(routes);
  }

  /** What still waits is refused now; what was sent is given up within `graceMs`. */
  hurry(batches: readonly Batch[], graceMs: number): void {
    const nowMs = this.#options.nowMs();
    for (const batch of batches) {
      this.#routes.get(partitionName(batch.place))?.producer.hurry(batch, nowMs, graceMs);
    }
    this.#expire();
  }

  /** Gives up everything. */
  async close(refusal: Refusal): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.#links.close();
    for (const route of this.#active) route.producer.giveUp(refusal);
    this.#active.clear();
    await this.#connections.close();
  }

  #routeOf(place: TopicPartition): Route {
    const name = partitionName(place);
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    const route = new Route(place, this.#producerOptions);
    const { first } = this.#identity;
    if (first !== undefined) route.producer.identify(first);
    this.#routes.set(name, route);
    return route;
  }

  /** Sends whatever can be sent now. */
  #drive(routes: Iterable<Route>): void {
    const nowMs = this.#options.nowMs();
    const requests = new Requests();
    for (const route of routes) {
      if (route.producer.idle) this.#active.delete(route);
      else this.#collect(route, nowMs, requests);
    }
    for (const [link, sent] of requests) this.#request(link, sent);
    if (this.#active.size > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#expire();
        this.#drive(this.#active);
      }, tickMs);
    }
  }

  #collect(route: Route, nowMs: number, requests: Requests): void {
    const link = this.#linkOf(route, nowMs);
    if (link === undefined) return;
    for (let turn = 0; ; turn += 1) {
      const attempt = route.producer.next(nowMs);
      if (attempt === undefined) return;
      route.link = link;
      requests.add(link, turn, { route, attempt });
    }
  }

  #linkOf(route: Route, nowMs: number): Link | undefined {
    if (route.producer.needsIdentity) {
      void this.#identify(route);
      return undefined;
    }
    // While something is on its way, what follows takes the same way.
    if (route.producer.sent > 0) return route.link?.ready ? route.link : undefined;
    const leader = this.#leaders.find(route.place, route.doubtedMs);
    if (route.refuses(leader, nowMs)) {
      this.#active.delete(route);
      return undefined;
    }
    if (leader.kind !== 'node') {
      this.#leaders.want(route.place.topic);
      return undefined;
    }
    const link = this.#links.to(leader.node);
    // Unreachable where it was said to be: another broker may lead by now.
    if (link === undefined) this.#leaders.want(route.place.topic);
    return link?.ready ? link : undefined;
  }

  #request(link: Link, sent: readonly Sent[]): void {
    const { clientId, requestTimeoutMs } = this.#options;
    const timeoutMs = Math.ceil(requestTimeoutMs * replicasShare);
    const sendings = sent.map(({ attempt }) => ({
      place: attempt.batch.place,
      records: attempt.batch.records,
      stamp: attempt,
    }));
    link.send(
      (correlationId) => encodeProduce({ correlationId, clientId, timeoutMs }, sendings),
      (body) => this.#answered(link, sent, body),
    );
  }

  #answered(link: Link, sent: readonly Sent[], body: Buffer | Error): void {
    const nowMs = this.#options.nowMs();
    const verdictOn = verdictsOf(body);
    for (const { route, attempt } of sent) {
      const verdict = verdictOn(partitionName(route.place));
      if (verdict.kind === 'durable') this.#trouble = undefined;
      else if (verdict.kind === 'again') this.#trouble = verdict.message;
      if (verdict.kind === 'again' && verdict.leaderMoved) route.doubtedMs = nowMs;
      route.producer.answer(attempt, verdict, nowMs);
    }
    // A closed link answers all its requests before anything is sent again.
    if (!link.closed) this.#drive(new Set(sent.map(({ route }) => route)));
  }

  #onLinkClosed(node: number, message: string): void {
    // Brokers close what is idle for long.
    if (this.#active.size === 0) return;
    // Reported once, not with every attempt to reach it again.
    if (!this.#lost.has(node)) this.#options.report({ type: 'leader-lost', node, message });
    this.#lost.add(node);
    this.#trouble = message;
    const nowMs = this.#options.nowMs();
    for (const route of this.#active) {
      const leader = this.#leaders.find(route.place, route.doubtedMs);
      if (leader.kind === 'node' && leader.node === node) route.doubtedMs = nowMs;
    }
    this.#drive(this.#active);
  }

  #expire(): void {
    const nowMs = this.#options.nowMs();
    for (const route of this.#active) {
      if (!route.producer.expire(nowMs)) continue;
      route.link?.close('An answer is overdue');
      route.producer.expire(nowMs);
    }
  }

  /** Rare: the epochs of the old id are used up. */
  async #identify(route: Route): Promise<void> {
    if (this.#identifying) return;
    this.#identifying = true;
    try {
      this.#options.report({ type: 'identity-new', reason: 'its epochs are used up' });
      route.producer.identify(await this.#identity.renew());
    } catch (error) {
      this.#trouble = messageOf(error);
    } finally {
      this.#identifying = false;
    }
  }
}
