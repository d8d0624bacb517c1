import { expect, test } from 'vitest';
import { Story } from '../../../test/partition-story.ts';

test('nothing follows the first batch of a producer before its acknowledgement', () => {
  const story = new Story();
  story.add('abc');
  expect(story.send()).toEqual(['a 0/0']);
  story.answer('a', 0);
  expect(story.send()).toEqual(['b 0/2', 'c 0/4']);
});

test('nor the first after a time in which a leader may have forgotten the producer', () => {
  const story = new Story();
  story.prove();
  story.at(11 * 60_000);
  story.add('bc');
  expect(story.send()).toEqual(['b 0/2']);
});

test('at most five are in flight, and none joins while others are tried again', () => {
  const story = new Story();
  story.prove();
  story.add('bcdefgh');
  expect(story.send()).toHaveLength(5);
  story.answer('b', 1);
  expect(story.send()).toEqual(['g 0/12']);
  for (const name of 'cdefg') story.answer(name, 'moved');
  expect(story.send()).toHaveLength(5);
  story.answer('c', 3);
  for (const name of 'defg') story.answer(name, 'moved');
  expect(story.send()).toEqual(['d 0/6', 'e 0/8', 'f 0/10', 'g 0/12']);
});

test('sequences go round at 2^31', () => {
  const story = new Story();
  story.add('a', 0x7fff_fffe);
  story.send();
  story.answer('a', 0);
  story.add('bc', 4);
  expect(story.send()).toEqual([`b 0/${0x7fff_fffe}`, 'c 0/2']);
});

test('what was never sent is refused at its deadline; the epoch stays', () => {
  const story = new Story();
  story.prove();
  story.add('b');
  story.at(1_000);
  expect(story.expire()).toBe(false);
  expect(story.told()).toMatchObject({ b: 'refused unavailable' });
  story.add('c');
  expect(story.send()).toEqual(['c 0/2']);
});

test('what is uncertain at its deadline is unknown, what waits is given back, then a new epoch', () => {
  const story = new Story();
  story.prove();
  story.add('bcdefg');
  story.send();
  story.at(1_000);
  expect(story.expire()).toBe(true);
  expect(story.told()).toEqual({ a: 'durable 0', g: 'refused unavailable' });
  for (const name of 'bcdef') story.answer(name, 'broken');
  expect(story.expire()).toBe(false);
  for (const name of 'bcdef') expect(story.told()).toMatchObject({ [name]: 'unknown' });
  story.add('h');
  expect(story.send()).toEqual(['h 1/0']);
});

test('certainly not appended at its deadline: refused', () => {
  const story = new Story();
  story.prove();
  story.add('bc');
  story.send();
  story.answer('b', 'few');
  story.answer('c', 'gap');
  story.at(1_000);
  story.expire();
  expect(story.told()).toMatchObject({ b: 'refused unavailable', c: 'refused unavailable' });
});

test('when the epochs are used up, it needs another producer id', () => {
  const story = new Story();
  for (let epoch = 0; epoch <= 32_767; epoch += 1) {
    story.outcomes.clear();
    story.add('x');
    story.send();
    story.answer('x', 'broken');
    story.producer.giveUp({ code: 'unavailable', retryable: true, message: 'late' });
  }
  expect(story.producer.needsIdentity).toBe(true);
  story.add('b');
  expect(story.send()).toEqual([]);
  story.producer.identify({ producerId: 2n, epoch: 0 });
  expect(story.send()).toEqual(['b 0/0']);
});
