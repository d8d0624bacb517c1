import type { GatewayDocument, SpillDocument } from '../../../../src/fleet/process-document.ts';
import type { ProcessView } from '../../../../src/schema/pipeline-answers.ts';
import { bytes, many, percent, short, spaced } from '../../lib/format.ts';
import { now } from '../../lib/location.ts';
import { secondsText } from '../../lib/time-format.ts';
import { BreakerState, State } from '../../ui/state.tsx';

/** One gateway: its signals with their breakers, what waits in its spill, its numbers. */
export function GatewayCard({ process }: { process: ProcessView }) {
  const { name, document, drainSeconds } = process;
  const gateway = document?.gateway;
  if (!document || !gateway) return null;
  const isWell = document.ready && document.state === 'running';
  return (
    <li class={isWell ? 'gateway' : 'gateway not-ok'} aria-label={`Gateway ${name}`}>
      <div class="card-head">
        <strong>{name}</strong>
        <State ok={isWell}>
          {document.state === 'stopping' ? 'stopping' : isWell ? 'ready' : 'not ready'}
        </State>
      </div>
      {document.trouble && <p class="reason">{document.trouble}</p>}
      <Signals gateway={gateway} />
      {gateway.spill && (
        <Spill spill={gateway.spill} partitions={gateway.partitions} drainSeconds={drainSeconds} />
      )}
      <details class="more">
        <summary>Numbers</summary>
        <dl class="pairs">
          {Object.entries(gateway.numbers).map(([key, value]) => (
            <div key={key}>
              <dt>{spaced(key)}</dt>
              <dd>{/bytes/i.test(key) ? bytes(value) : short(value)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}

function Signals({ gateway: { signals } }: { gateway: GatewayDocument }) {
  if (!signals.length) return null;
  return (
    <ul class="signals" aria-label="Signals and their breakers">
      {signals.map(({ name, breaker, queueBytes }) => (
        <li key={name}>
          <span>{name}</span>
          <BreakerState state={breaker} />
          <span class="num faint">{queueBytes === undefined ? '' : bytes(queueBytes)}</span>
        </li>
      ))}
    </ul>
  );
}

interface SpillProps {
  spill: SpillDocument;
  partitions: GatewayDocument['partitions'];
  drainSeconds: number | null;
}

function Spill({ spill, partitions, drainSeconds }: SpillProps) {
  const { messages, bytesMax, oldestMs } = spill;
  const share = bytesMax > 0 ? Math.min(1, spill.bytes / bytesMax) : 0;
  const isEmpty = messages === 0;
  return (
    <div class="spill">
      <div class="card-head">
        <span>Spill</span>
        <span class={isEmpty ? 'faint' : 'warn-text'}>
          {isEmpty ? 'empty' : `${many(messages, 'message')} waiting`}
        </span>
      </div>
      <meter
        class="fill"
        min={0}
        max={1}
        value={share}
        aria-label={`${percent(share)} of the spill is taken`}
      />
      <p class="faint">
        {bytes(spill.bytes)} of {bytes(bytesMax)} · {partitionsText(partitions)}
      </p>
      {spill.cut && <p class="notice">Takes nothing: {spill.cut}</p>}
      {!isEmpty && (
        <p>
          {oldestMs !== undefined && (
            <span>oldest {secondsText(Math.max(0, now.value - oldestMs) / 1_000)} · </span>
          )}
          {drainSeconds === null ? (
            <span class="faint">time to empty not known</span>
          ) : (
            <span>empty in {secondsText(drainSeconds)}</span>
          )}
        </p>
      )}
    </div>
  );
}

/** `spilling 3, direct 1`: partitions by their state, what is unusual first. */
function partitionsText(partitions: GatewayDocument['partitions']): string {
  const states = Object.entries(partitions).filter(([, value]) => value > 0);
  if (!states.length) return 'no partition used yet';
  const unusual = states.filter(([state]) => state !== 'direct');
  const usual = states.filter(([state]) => state === 'direct');
  const text = [...unusual, ...usual].map(([state, value]) => `${value} ${state}`).join(', ');
  return `partitions: ${text}`;
}
