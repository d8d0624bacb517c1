import { eventsPage } from '../docs/events-page.ts';
import { metricsPage } from '../metrics/metrics-page.ts';
import { eventTables } from '../modules/events.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';

/** One page of `docs/reference`. */
export interface ReferencePage {
  /** Its name in `docs/reference`. */
  file: string;
  /** Renders it as Markdown, without the last line end. */
  render: () => string | Promise<string>;
}

/** The pages that `npm run docs` writes; a test compares each with the file. */
export const referencePages: readonly ReferencePage[] = [
  { file: 'configuration.md', render: configurationPage },
  { file: 'errors.md', render: errorsPage },
  { file: 'events.md', render: () => eventsPage(eventTables) },
  { file: 'metrics.md', render: metricsPage },
];
