import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockFace, untilNextMinute } from '../src/lesson/clock.ts';

const at = new Date('2026-10-19T01:42:30Z');

test('Taiwan reads 24 hours and a Chinese weekday', () => {
  const face = clockFace('tw', 'Asia/Taipei', at);
  assert.deepEqual([face.time, face.weekday], ['09:42', '週一']);
});

test('the United States reads 12 hours, and it is still Sunday there', () => {
  const face = clockFace('us', 'America/Phoenix', at);
  assert.deepEqual([face.time, face.weekday], ['6:42 PM', 'Sun']);
});

test('midnight in Taiwan is 00, noon in the United States 12 PM', () => {
  assert.equal(clockFace('tw', 'Asia/Taipei', new Date('2026-10-18T16:05:00Z')).time, '00:05');
  assert.equal(clockFace('us', 'America/Phoenix', new Date('2026-10-18T19:05:00Z')).time, '12:05 PM');
});

test('the next minute is never now', () => {
  assert.equal(untilNextMinute(at), 30_000);
  assert.equal(untilNextMinute(new Date('2026-10-19T01:42:00Z')), 60_000);
});
