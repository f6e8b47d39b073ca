import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type Measured } from '../src/check/verdict.ts';
import { mediaUrl } from '../src/lesson/api.ts';
import { meterPosition } from '../src/media/level.ts';
import { onceMore } from '../src/media/once_more.ts';
import { troubleOf } from '../src/media/trouble.ts';

const place = { host: 'lesson.school', udp: [7882], tcp: [7881] };
const fine: Measured = { reached: 'media', path: 'udp', roundTripMs: 40, loss: 0, isVideoBack: true, isAudioBack: true };

test('a good network is said to be good, without a thing to fix', () => {
  const verdict = judge(fine, place);
  assert.deepEqual([verdict.outcome, verdict.fix], ['good', '']);
});

test('each fault has its own sentence and something to do', () => {
  const faults: Measured[] = [
    { ...fine, reached: 'nothing' },
    { ...fine, reached: 'signal' },
    { ...fine, isVideoBack: false, isAudioBack: false },
    { ...fine, isAudioBack: false },
    { ...fine, isVideoBack: false },
    { ...fine, loss: 0.08 },
    { ...fine, path: 'tcp' },
  ];
  const verdicts = faults.map((fault) => judge(fault, place));
  assert.ok(verdicts.every((verdict) => verdict.fix !== '' && verdict.outcome !== 'good'));
  assert.equal(new Set(verdicts.map((verdict) => verdict.says)).size, faults.length - 1); // both «nothing got through» say the same
});

test('slow is a limit, not a failure', () => {
  assert.equal(judge({ ...fine, roundTripMs: 450 }, place).outcome, 'warn');
  assert.equal(judge({ ...fine, roundTripMs: undefined }, place).outcome, 'good');
});

test('ports are named only when the server names them', () => {
  assert.match(judge({ ...fine, reached: 'signal' }, place).fix, /UDP port/);
  assert.doesNotMatch(judge({ ...fine, reached: 'signal' }, { ...place, udp: [], tcp: [] }).fix, /port/);
});

test('the meter rests in a quiet room, is full near a clear voice and rises between', () => {
  const tone = (peak: number): Float32Array => Float32Array.from({ length: 1024 }, (_, index) => peak * Math.sin(index / 5));
  assert.equal(meterPosition(new Float32Array(1024)), 0);
  assert.equal(meterPosition(tone(1)), 1);
  const steps = [0.001, 0.003, 0.01, 0.03, 0.1].map((peak) => meterPosition(tone(peak)));
  assert.deepEqual(steps, [...steps].sort((a, b) => a - b));
  assert.ok(steps.every((step) => step >= 0 && step < 1));
});

test('a device that did not start in time is tried once more, and no other', async () => {
  const opened = async (...names: string[]): Promise<[string, number]> => {
    let tries = 0;
    const open = async (): Promise<string> => {
      const name = names[tries++];
      if (name) throw new DOMException('', name);
      return 'opened';
    };
    return [await onceMore(open).catch((error: DOMException) => error.name), tries];
  };
  assert.deepEqual(await opened(), ['opened', 1]);
  assert.deepEqual(await opened('AbortError'), ['opened', 2]);
  assert.deepEqual(await opened('AbortError', 'NotAllowedError'), ['NotAllowedError', 2]);
  assert.deepEqual(await opened('AbortError', 'AbortError'), ['AbortError', 2]);
  assert.deepEqual(await opened('NotAllowedError'), ['NotAllowedError', 1]);
});

test('browser errors become kinds of trouble', () => {
  const named = (name: string): Error => Object.assign(new Error('x'), { name });
  assert.equal(troubleOf(named('NotAllowedError'), true), 'denied');
  assert.equal(troubleOf(named('NotFoundError'), true), 'missing');
  assert.equal(troubleOf(named('NotReadableError'), true), 'busy');
  assert.equal(troubleOf('what', true), 'unknown');
  assert.equal(troubleOf(named('NotFoundError'), false), 'insecure');
});

test("the media server is on the page's own origin unless it is named", () => {
  assert.equal(mediaUrl(null, 'https://school.example:8443'), 'wss://school.example:8443');
  assert.equal(mediaUrl(null, 'http://localhost:8080'), 'ws://localhost:8080');
  assert.equal(mediaUrl('wss://cluster', 'http://localhost'), 'wss://cluster');
});
