import { errors, Serializer } from '@elastic/elasticsearch';
import { inflationMax } from '../limits.ts';

/** Such a text is not worth a look. */
const smallChars = 16_384;

/** The objects of an answer would take more memory than its text lets expect. */
export class InflatedAnswerError extends errors.DeserializationError {}

/** Reads answers whose objects are in proportion to their text: nothing else bounds them. */
export class Answers extends Serializer {
  override deserialize<T = unknown>(json: string): T {
    if (json.length > smallChars && parsedBytes(json) > inflationMax * json.length) {
      throw new InflatedAnswerError('the objects of this answer would take too much memory', '');
    }
    return super.deserialize(json);
  }
}

const [quote, comma, colon, opened, closed, listed] = [...'",:{}['].map((c) => c.charCodeAt(0));

/**
 * Estimates from above the bytes that V8 takes for parsed JSON: an object has three words and one
 * for each property, one without any has four; a list has its head and its store; a text has its
 * head, unless it is a name. Such characters count within texts, too.
 */
export function parsedBytes(json: string): number {
  let [bytes, quotes, names] = [json.length, 0, 0];
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i);
    if (c === quote) quotes++;
    else if (c === comma) bytes += 8;
    else if (c === colon) names++;
    else if (c === opened) bytes += json.charCodeAt(i + 1) === closed ? 64 : 32;
    else if (c === listed) bytes += 48;
  }
  return bytes + 8 * names + 24 * Math.max(0, quotes / 2 - names);
}
