import { eventTables } from '../modules/events.ts';
import { eventsPage } from './events-page.ts';

process.stdout.write(`${eventsPage(eventTables)}\n`);
