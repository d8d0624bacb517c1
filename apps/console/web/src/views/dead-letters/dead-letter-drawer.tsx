import type { DeadLetter, DeadLetterAnswer } from '../../../../src/schema/dead-letter-answers.ts';
import { timeText } from '../../lib/time-format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { Attributes } from '../../ui/attributes.tsx';
import { Drawer } from '../../ui/drawer.tsx';
import { ViewOf } from '../../ui/states.tsx';
import { Resubmit } from './resubmit.tsx';

interface DeadLetterDrawerProps {
  id: string;
  onClose: () => void;
}

export function DeadLetterDrawer({ id, onClose }: DeadLetterDrawerProps) {
  const answer = useQuery<DeadLetterAnswer>(`/api/dead-letters/${encodeURIComponent(id)}`);
  return (
    <Drawer title={id} label="Dead letter" onClose={onClose}>
      <ViewOf answer={answer} what="The dead letter">
        {({ deadLetter, body, bodyBytes }) => {
          const { topic, partition, position } = deadLetter.source;
          const facts = {
            code: deadLetter.code,
            reason: deadLetter.reason,
            'refused by': deadLetter.group,
            records: String(deadLetter.records),
            accepted: timeText(deadLetter.receivedMs, { date: true }),
            'cut from':
              position === undefined
                ? `a request, for ${topic} partition ${partition}`
                : `${topic} partition ${partition} position ${position}`,
          };
          const attributes = Object.entries(facts).map(([key, stringValue]) => ({
            key,
            value: { stringValue },
          }));
          return (
            <>
              <Attributes title="Dead letter" attributes={attributes} />
              <SendBack deadLetter={deadLetter} />
              {deadLetter.hasBody && (
                <>
                  <h3>Records</h3>
                  {body ? (
                    <pre class="log-full">{indented(body)}</pre>
                  ) : (
                    <p class="hint">They are too many to be shown: {bodyBytes} bytes.</p>
                  )}
                </>
              )}
            </>
          );
        }}
      </ViewOf>
    </Drawer>
  );
}

function SendBack({ deadLetter }: { deadLetter: DeadLetter }) {
  if (deadLetter.resubmitted) return <p class="hint">It was sent back before.</p>;
  if (!deadLetter.hasBody) {
    return (
      <p class="hint">Its records were too large to be kept here, so it cannot be sent back.</p>
    );
  }
  return (
    <p class="actions">
      <Resubmit deadLetters={1} body={{ ids: [deadLetter.id] }} />
    </p>
  );
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
