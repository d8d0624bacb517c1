import type { KeyValue } from '../../../src/schema/telemetry.ts';
import { valueText } from '../lib/format.ts';

interface AttributesProps {
  title: string;
  attributes: readonly KeyValue[];
  dropped?: number;
  /** Where a click on a value leads: the same view, filtered by it. */
  filterHref?: ((key: string, value: string) => string) | undefined;
}

export function Attributes({ title, attributes, dropped = 0, filterHref }: AttributesProps) {
  if (!attributes.length && !dropped) return null;
  return (
    <section class="attributes">
      <h3>{title}</h3>
      <dl>
        {attributes.map(({ key, value }, i) => {
          const text = valueText(value);
          return (
            <div key={`${i} ${key}`}>
              <dt>{key}</dt>
              <dd>
                {filterHref && text ? (
                  <a href={filterHref(key, text)} title={`Only with ${key} = ${text}`}>
                    {text}
                  </a>
                ) : (
                  text || <span class="faint">empty</span>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
      {dropped > 0 && <p class="hint">{dropped} more were dropped by the sender</p>}
    </section>
  );
}
