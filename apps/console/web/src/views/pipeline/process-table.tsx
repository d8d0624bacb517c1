import type { ProcessView } from '../../../../src/schema/pipeline-answers.ts';
import { now } from '../../lib/location.ts';
import { ago } from '../../lib/time-format.ts';
import { State } from '../../ui/state.tsx';

/** Every process that describes itself. */
export function ProcessTable({ processes }: { processes: readonly ProcessView[] }) {
  return (
    <section aria-label="Processes">
      <h2>Processes</h2>
      <div class="scroll-x">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">State</th>
              <th scope="col" class="wide">
                Roles
              </th>
              <th scope="col" class="num">
                Started
              </th>
            </tr>
          </thead>
          <tbody>
            {processes.map((each) => (
              <tr key={each.name}>
                <td class="name">{each.name}</td>
                <td>
                  <StateOf process={each} />
                </td>
                <td class="wide faint">{each.document?.roles.join(', ')}</td>
                <td class="num">{ago(each.startedMs, now.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function StateOf({ process: { document } }: { process: ProcessView }) {
  if (!document) return <span class="warn-text">of a version that this page cannot read</span>;
  const { state, ready, trouble } = document;
  return (
    <>
      <State ok={ready}>{state === 'stopping' ? 'stopping' : ready ? 'ready' : 'not ready'}</State>{' '}
      <span class="faint">{trouble}</span>
    </>
  );
}
