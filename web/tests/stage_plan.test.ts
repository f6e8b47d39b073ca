import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Person } from '../src/lesson/people.ts';
import { fitTiles, planStage } from '../src/lesson/stage_plan.ts';

const person = (identity: string, more: Partial<Person> = {}): Person => ({
  identity,
  isMe: false,
  side: 'tw',
  name: { en: identity, 'zh-Hant-TW': identity },
  place: undefined,
  isSpeaking: false,
  isMicrophoneOn: true,
  isCameraOn: false,
  isScreenOn: false,
  camera: undefined,
  screen: undefined,
  quality: 'good',
  joinedAt: 0,
  ...more,
});
const names = (placed: readonly { person: Person; kind: string }[]): string[] => placed.map((one) => `${one.kind}:${one.person.identity}`);

test('in tile view everybody is equal', () => {
  const plan = planStage([person('a', { isMe: true }), person('b')], 'tiles', 'b');
  assert.equal(plan.big, undefined);
  assert.deepEqual(names(plan.small), ['camera:a', 'camera:b']);
});

test('a shared screen is big in either view and cameras stay', () => {
  for (const mode of ['tiles', 'speaker'] as const) {
    const plan = planStage([person('a', { isMe: true }), person('b', { isScreenOn: true })], mode, undefined);
    assert.deepEqual([plan.big?.kind, plan.big?.person.identity], ['screen', 'b']);
    assert.deepEqual(names(plan.small), ['camera:a', 'camera:b']);
  }
});

test("another person's screen wins over one's own, which stays small", () => {
  const plan = planStage([person('a', { isMe: true, isScreenOn: true }), person('b', { isScreenOn: true })], 'tiles', undefined);
  assert.equal(plan.big?.person.identity, 'b');
  assert.deepEqual(names(plan.small), ['screen:a', 'camera:a', 'camera:b']);
});

test('speaker view shows who spoke last, and never oneself while others are there', () => {
  const people = [person('me', { isMe: true }), person('b'), person('c')];
  assert.equal(planStage(people, 'speaker', 'c').big?.person.identity, 'c');
  assert.equal(planStage(people, 'speaker', 'me').big?.person.identity, 'b');
  assert.equal(planStage(people, 'speaker', 'gone').big?.person.identity, 'b');
});

test('alone in speaker view one sees oneself as a tile', () => {
  const plan = planStage([person('me', { isMe: true })], 'speaker', undefined);
  assert.equal(plan.big, undefined);
  assert.equal(plan.small.length, 1);
});

test('two people stand side by side on a wide stage and one above the other on a phone', () => {
  const wide = fitTiles(2, 984, 592);
  assert.ok(wide.width * 2 <= 984 && wide.width > 984 / 2 - 1);
  const phone = fitTiles(2, 366, 560);
  assert.equal(phone.width, 366);
});

test('tiles always fit in their box, and keep a shape that does not cut faces', () => {
  for (let count = 1; count <= 30; count += 1) {
    const { width, height } = fitTiles(count, 1000, 600);
    const columns = Math.floor(1000 / width + 1e-9);
    assert.ok(Math.ceil(count / columns) * height <= 600 + 1e-6, `${count} tiles`);
    assert.ok(width / height >= 1.2 - 1e-9 && width / height <= 16 / 9 + 1e-9);
  }
});

test('tiles are never too small to know a face: then the stage scrolls', () => {
  assert.ok(fitTiles(30, 360, 400).width >= 140);
});
