import type { FleetAnswer } from '../../../../src/schema/pipeline-answers.ts';
import { count, many } from '../../lib/format.ts';
import { now } from '../../lib/location.ts';
import { secondsText } from '../../lib/time-format.ts';
import { type Level, Mark } from '../../ui/state.tsx';

type DependenciesProps = Pick<FleetAnswer, 'dependencies' | 'reportersMin' | 'view'>;
type Dependency = FleetAnswer['dependencies'][number];

/** What processes think of the servers, and who reported whom down. */
export function Dependencies({ dependencies, reportersMin, view }: DependenciesProps) {
  if (!dependencies.length && view === 'shared') return null;
  return (
    <section aria-label="Servers">
      <h2>
        Servers <span class="faint">{ruleText(view, reportersMin)}</span>
      </h2>
      {dependencies.length === 0 && <p class="faint">Nothing was asked of a server yet.</p>}
      <ul class="dependencies">
        {dependencies.map((each) => (
          <li key={each.dependency} class={levelOf(each) === 'bad' ? 'not-ok' : ''}>
            <div class="card-head">
              <strong>{each.dependency}</strong>
              <Mark level={levelOf(each)}>{stateText(each)}</Mark>
            </div>
            <ul class="reporters">
              {each.reporters.map(({ name, sinceMs, reason }) => (
                <li key={name}>
                  {name}{' '}
                  <span class="faint">
                    holds it down for {secondsText(Math.max(0, now.value - sinceMs) / 1_000)}
                  </span>
                  {reason && <span class="reason">{reason}</span>}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ruleText(view: FleetAnswer['view'], reportersMin: number): string {
  if (view === 'shared')
    return `down for all when ${many(reportersMin, 'process', 'processes')} say so`;
  return 'each process judges by itself';
}

/** Others that report it do not make it down for this process. */
function levelOf({ own, fleet, reporters }: Dependency): Level {
  if (own === 'down' || fleet === 'down') return 'bad';
  return reporters.length > 0 ? 'warn' : 'ok';
}

function stateText({ own, fleet, reporters }: Dependency): string {
  if (fleet === 'down') return 'down for all';
  if (own === 'down') return 'down for this process';
  if (reporters.length) return `down for ${count(reporters.length)} alone`;
  return 'up';
}
