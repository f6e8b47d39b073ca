import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayIn, dayInWords, hoursIn, instantOf } from '../src/staff/two_zones.ts';

const TAIPEI = 'Asia/Taipei';
const TUCSON = 'America/Phoenix';
const PACIFIC = 'America/Los_Angeles';

test('a Taiwan morning is the day before in Tucson', () => {
  const at = instantOf({ date: '2026-11-24', time: '08:40' }, TAIPEI);
  assert.equal(at, Date.parse('2026-11-24T00:40:00Z'));
  assert.equal(dayIn(TAIPEI, at as number, 'tw'), '11/24 週二');
  assert.equal(dayIn(TUCSON, at as number, 'us'), 'Mon Nov 23');
  assert.equal(dayInWords(TUCSON, at as number, 'zh-Hant-TW'), '11月23日星期一');
  assert.equal(dayInWords(TAIPEI, at as number, 'en'), 'Tuesday, November 24');
  assert.equal(hoursIn(TAIPEI, at as number, 40, 'tw'), '08:40–09:20');
  assert.equal(hoursIn(TUCSON, at as number, 40, 'us'), '5:40–6:20 PM');
});

test('an hour over noon names both halves of the day', () => {
  const at = instantOf({ date: '2026-11-24', time: '11:40' }, PACIFIC) as number;
  assert.equal(hoursIn(PACIFIC, at, 40, 'us'), '11:40 AM–12:20 PM');
});

test('clocks that change skip an hour in spring and repeat one in autumn', () => {
  assert.equal(instantOf({ date: '2027-03-14', time: '02:30' }, PACIFIC), 'skipped');
  assert.equal(instantOf({ date: '2026-11-01', time: '01:30' }, PACIFIC), 'twice');
  assert.equal(instantOf({ date: '2026-11-01', time: '02:30' }, PACIFIC), Date.parse('2026-11-01T10:30:00Z'));
  assert.equal(instantOf({ date: '2026-11-01', time: '00:30' }, PACIFIC), Date.parse('2026-11-01T07:30:00Z'));
});

test('nothing is said while the form is half filled in', () => {
  assert.equal(instantOf({ date: '', time: '08:40' }, TAIPEI), undefined);
  assert.equal(instantOf({ date: '2026-11-24', time: '' }, TAIPEI), undefined);
});
