/**
 * Spillway as a later version may be: every message and every ledger note has something that this
 * one does not know. Both work side by side during a rolling change.
 */
import { type Broker, ledgerTopic, type OutgoingMessage } from '@spillway/broker';
import { brokerModule, registry, runCommandLine } from 'spillway';
import { changed } from './changed.ts';
import { override } from './override.ts';

function ofNextVersion(broker: Broker): Broker {
  return override(broker, {
    publish: (messages, abort) => broker.publish(messages.map(extended), abort),
  });
}

function extended(message: OutgoingMessage): OutgoingMessage {
  const headers = { ...message.headers, 'spillway-later': '1' };
  if (message.topic !== ledgerTopic) return { ...message, headers };
  const note = JSON.parse(Buffer.concat(message.value).toString()) as object;
  const value = [Buffer.from(JSON.stringify({ ...note, later: { unknown: true } }))];
  return { ...message, headers, value };
}

await runCommandLine(process.argv.slice(2), registry.with(changed(brokerModule, ofNextVersion)));
