import {
  initialState,
  isDirect,
  isDrained,
  type PartitionEvent,
  type PartitionState,
  step,
} from './partition-state.ts';

export interface Message {
  number: number;
  cameAt: number;
  /** Infinity while it is not acknowledged. */
  acknowledgedAt: number;
  settled: number;
}

/** Broker, spill and clients around the machine; what they do next is decided by the test. */
export class PartitionWorld {
  state: PartitionState<Message>;
  readonly messages: Message[] = [];
  readonly log: Message[] = [];
  readonly spill: Message[] = [];
  readonly calls: Message[][] = [];
  readonly appends: Message[][] = [];
  retrying: Message[] | undefined;
  #time = 0;

  constructor(hasSpill: boolean) {
    this.state = initialState(hasSpill);
  }

  handle(event: PartitionEvent<Message>): void {
    const { state, effects } = step(this.state, event);
    this.state = state;
    for (const effect of effects) {
      if (effect.type === 'settle') for (const message of effect.messages) this.#refuse(message);
      else if (effect.type === 'publish') this.publish(effect.messages);
      else if (effect.type === 'retry') this.retrying = [...effect.messages];
      else if (effect.type === 'append') this.appends.push([...effect.messages]);
    }
  }

  publish(messages: readonly Message[]): void {
    for (const _ of messages) this.handle({ type: 'published' });
    this.calls.push([...messages]);
  }

  send(count: number, brokerIsUp: boolean): void {
    const come = Array.from({ length: count }, () => {
      const message = { number: this.messages.length, cameAt: ++this.#time };
      return { ...message, acknowledgedAt: Infinity, settled: 0 };
    });
    this.messages.push(...come);
    if (brokerIsUp && isDirect(this.state)) this.publish(come);
    else for (const message of come) this.handle({ type: 'diverted', message });
  }

  /** Ends a call of which a beginning is durable. Those that fail may be there all the same. */
  endCall(durable: number, areThere: boolean): void {
    const call = this.calls.shift() ?? [];
    for (const [i, message] of call.entries()) {
      if (i < durable || areThere) this.log.push(message);
      if (i < durable) {
        this.handle({ type: 'accepted' });
        this.#acknowledge(message);
      } else this.handle({ type: 'failed', message });
    }
    if (call.length > 0) this.handle({ type: 'call-ended' });
  }

  endRetry(durable: number): void {
    const tried = this.retrying?.sort((a, b) => a.number - b.number);
    if (!tried) return;
    this.retrying = undefined;
    for (const message of tried.slice(0, durable)) {
      this.log.push(message);
      this.#acknowledge(message);
    }
    this.handle({ type: 'retried', left: tried.slice(durable) });
  }

  endAppend(isDurable: boolean): void {
    const messages = this.appends.shift();
    if (!messages) return;
    if (isDurable) {
      this.spill.push(...messages);
      for (const message of messages) this.#acknowledge(message);
    }
    this.handle({ type: 'appended', messages, isDurable });
  }

  drain(count: number): void {
    if (this.state.mode === 'direct') return;
    if (isDrained(this.state)) {
      this.handle({ type: 'drain-ended' });
      return;
    }
    const messages = this.spill.splice(0, count);
    if (messages.length === 0) return;
    if (this.spill.length === 0) this.handle({ type: 'hold' });
    this.log.push(...messages);
    this.handle({ type: 'drained', messages: messages.length });
  }

  failDrain(): void {
    if (this.state.mode !== 'direct') this.handle({ type: 'drain-failed' });
  }

  end(): void {
    for (let rounds = 0; rounds < 1_000; rounds++) {
      this.endCall(Infinity, true);
      this.endRetry(Infinity);
      this.endAppend(true);
      this.drain(3);
    }
  }

  #acknowledge(message: Message): void {
    message.acknowledgedAt = ++this.#time;
    message.settled += 1;
  }

  /** A settle of what is acknowledged already is the end of its append. */
  #refuse(message: Message): void {
    if (message.acknowledgedAt === Infinity) message.settled += 1;
  }
}
