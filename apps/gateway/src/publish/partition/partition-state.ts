/**
 * What becomes of the messages of one partition between gateway and broker: a state machine without
 * clocks, calls or promises. A message never overtakes one that was acknowledged before it came:
 * while the outcome of older ones is open, newer ones are held; while anything waits in the spill,
 * they go behind it.
 */

/**
 * `direct`: to the broker. `spilling`: into the spill. `draining`: into the spill, which drains.
 */
export const partitionModes = ['direct', 'spilling', 'draining'] as const;

export type PartitionMode = (typeof partitionModes)[number];

/** The mode of a partition and the messages that it knows of; `M` is the type of a message. */
export interface PartitionState<M> {
  readonly mode: PartitionMode;
  /** Without a spill, what the broker does not take is refused. */
  readonly hasSpill: boolean;
  /** How many messages are on their way to the broker, past the spill. */
  readonly inFlight: number;
  /** Whether newer messages are held. */
  readonly isHolding: boolean;
  /** Messages that the broker did not take, until nothing is in flight. */
  readonly failed: readonly M[];
  /** Messages that came after those, or while the last ones of the spill are drained. */
  readonly held: readonly M[];
  /** Whether those that failed are tried again now. */
  readonly isRetrying: boolean;
  /** How many messages are being appended to the spill. */
  readonly appending: number;
  /** How many messages are in the spill. */
  readonly spilled: number;
  /** How many of those the broker will never take; nothing waits for them. */
  readonly stuck: number;
}

export type PartitionEvent<M> =
  /** It was handed to the broker, which is only done in mode `direct` while nothing is held. */
  | { type: 'published' }
  /** The broker has it, or refused it for good. */
  | { type: 'accepted' }
  /** The broker did not take it, and another try may help. */
  | { type: 'failed'; message: M }
  /** A call to the broker has ended: all its messages had one of the two events above. */
  | { type: 'call-ended' }
  /** It cannot go to the broker now. */
  | { type: 'diverted'; message: M }
  /** The messages that failed, in their order, when those that failed were tried again. */
  | { type: 'retried'; left: readonly M[] }
  | { type: 'appended'; messages: readonly M[]; isDurable: boolean }
  /** The number of messages found in the spill. */
  | { type: 'recounted'; messages: number }
  /** The number of messages of the spill that are now on the broker. */
  | { type: 'drained'; messages: number }
  /** The broker refused a message of the spill for good. */
  | { type: 'stuck' }
  /** The drain begins again with the oldest message. */
  | { type: 'drain-failed' }
  /** Few messages are left in the spill: newer ones may wait for them. */
  | { type: 'hold' }
  /** What is held waits for the spill no longer. */
  | { type: 'stop-holding' }
  /** Nothing waits in the spill and nothing is on its way there. */
  | { type: 'drain-ended' };

export type PartitionEffect<M> =
  /** They have their outcome. */
  | { type: 'settle'; messages: readonly M[] }
  /** Publish them to the broker now, in this order. */
  | { type: 'publish'; messages: readonly M[] }
  /** Try them again at the broker, then say what is `retried`. */
  | { type: 'retry'; messages: readonly M[] }
  /** Append them to the spill, in this order, then say that they are `appended`; and drain. */
  | { type: 'append'; messages: readonly M[] }
  /** Something waits in the spill. */
  | { type: 'drain' };

export interface Step<M> {
  state: PartitionState<M>;
  effects: readonly PartitionEffect<M>[];
}

const none: readonly never[] = [];

export function initialState<M>(hasSpill: boolean): PartitionState<M> {
  return {
    mode: 'direct',
    hasSpill,
    inFlight: 0,
    isHolding: false,
    failed: none,
    held: none,
    isRetrying: false,
    appending: 0,
    spilled: 0,
    stuck: 0,
  };
}

export function isDirect({ mode, isHolding }: PartitionState<unknown>): boolean {
  return mode === 'direct' && !isHolding;
}

/** Whether nothing that the broker may take is in the spill or on its way there. */
export function isDrained({ spilled, stuck, appending }: PartitionState<unknown>): boolean {
  return spilled <= stuck && appending === 0;
}

export function step<M>(state: PartitionState<M>, event: PartitionEvent<M>): Step<M> {
  switch (event.type) {
    case 'published':
      return only({ ...state, inFlight: state.inFlight + 1 });
    case 'accepted':
      return only({ ...state, inFlight: state.inFlight - 1 });
    case 'failed':
      return only({ ...failing(state, event.message), inFlight: state.inFlight - 1 });
    case 'call-ended':
      return callEnded(state);
    case 'diverted':
      return diverted(state, event.message);
    case 'retried':
      return retried(state, event.left);
    case 'appended':
      return appended(state, event);
    case 'recounted':
      return recounted(state, event.messages);
    case 'drained':
      return only({ ...state, spilled: state.spilled - event.messages, mode: 'draining' });
    case 'stuck':
      return only({ ...state, stuck: state.stuck + 1 });
    case 'drain-failed':
      return stopHolding({ ...state, stuck: 0, mode: 'spilling' });
    case 'hold':
      return only({ ...state, isHolding: true });
    case 'stop-holding':
      return stopHolding(state);
    case 'drain-ended':
      return becomeDirect(state, none);
  }
}

function only<M>(state: PartitionState<M>): Step<M> {
  return { state, effects: none };
}

function failing<M>(state: PartitionState<M>, message: M): PartitionState<M> {
  return { ...state, failed: [...state.failed, message], isHolding: true };
}

/** When nothing is in flight any more, what failed is tried again. */
function callEnded<M>(state: PartitionState<M>): Step<M> {
  const { inFlight, failed, isRetrying } = state;
  if (inFlight > 0 || failed.length === 0 || isRetrying) return only(state);
  return {
    state: { ...state, failed: none, isRetrying: true },
    effects: [{ type: 'retry', messages: failed }],
  };
}

function diverted<M>(state: PartitionState<M>, message: M): Step<M> {
  if (state.isHolding) return only({ ...state, held: [...state.held, message] });
  if (!state.hasSpill) return { state, effects: [{ type: 'settle', messages: [message] }] };
  // Older ones may yet fail, and be spilled: this one goes behind them.
  if (state.mode === 'direct' && state.inFlight > 0) return only(failing(state, message));
  return append(state, [message]);
}

function retried<M>(state: PartitionState<M>, left: readonly M[]): Step<M> {
  const next = { ...state, isRetrying: false };
  if (!state.hasSpill || left.length === 0) return becomeDirect(next, left);
  return append({ ...next, held: none }, [...left, ...state.held]);
}

function append<M>(state: PartitionState<M>, messages: readonly M[]): Step<M> {
  if (messages.length === 0) return only({ ...state, isHolding: false });
  const { mode, appending } = state;
  return {
    state: {
      ...state,
      mode: mode === 'direct' ? 'spilling' : mode,
      isHolding: false,
      appending: appending + messages.length,
    },
    effects: [{ type: 'append', messages }],
  };
}

function appended<M>(
  state: PartitionState<M>,
  { messages, isDurable }: { messages: readonly M[]; isDurable: boolean },
): Step<M> {
  const { appending, spilled } = state;
  return {
    state: {
      ...state,
      appending: appending - messages.length,
      spilled: isDurable ? spilled + messages.length : spilled,
    },
    effects: [{ type: 'settle', messages }],
  };
}

function recounted<M>(state: PartitionState<M>, messages: number): Step<M> {
  const next = { ...state, spilled: messages, stuck: Math.min(state.stuck, messages) };
  if (messages === 0 || state.mode !== 'direct') return only(next);
  return { state: { ...next, mode: 'spilling' }, effects: [{ type: 'drain' }] };
}

function stopHolding<M>(state: PartitionState<M>): Step<M> {
  const { isHolding, failed, isRetrying, held } = state;
  if (!isHolding || failed.length > 0 || isRetrying) return only(state);
  return append({ ...state, held: none }, held);
}

function becomeDirect<M>(state: PartitionState<M>, settled: readonly M[]): Step<M> {
  const { held } = state;
  const effects: PartitionEffect<M>[] = [];
  if (settled.length > 0) effects.push({ type: 'settle', messages: settled });
  if (held.length > 0) effects.push({ type: 'publish', messages: held });
  return { state: { ...state, mode: 'direct', isHolding: false, held: none }, effects };
}
