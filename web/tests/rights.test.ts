import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { ParticipantEvent, Track, type LocalParticipant } from 'livekit-client';
import { permitted } from '../src/lesson/rights.ts';

const CAMERA = 1; // TrackSource of LiveKit's protocol
const SCREEN_SHARE = 3;

interface Told {
  readonly canPublish: boolean;
  readonly canPublishSources: readonly number[];
}

class Me extends EventEmitter {
  permissions: Told | undefined;

  tell(permissions: Told): void {
    this.permissions = permissions;
    this.emit(ParticipantEvent.ParticipantPermissionsChanged);
  }
}

/** Whether the wait is over once everything that was due has run. */
async function isOver(me: Me, source: Track.Source): Promise<() => Promise<boolean>> {
  let over = false;
  void permitted(me as unknown as LocalParticipant, source).then(() => (over = true));
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return over;
  };
}

test('nobody waits who may already, or who was not told yet', async () => {
  const me = new Me();
  assert.ok(await (await isOver(me, Track.Source.ScreenShare))());
  me.tell({ canPublish: true, canPublishSources: [] });
  assert.ok(await (await isOver(me, Track.Source.ScreenShare))());
  me.tell({ canPublish: true, canPublishSources: [CAMERA, SCREEN_SHARE] });
  assert.ok(await (await isOver(me, Track.Source.ScreenShare))());
});

test('a share waits for its own right, and no listener stays', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const me = new Me();
  me.tell({ canPublish: true, canPublishSources: [CAMERA] });
  const over = await isOver(me, Track.Source.ScreenShare);
  assert.equal(await over(), false);
  me.tell({ canPublish: false, canPublishSources: [] });
  assert.equal(await over(), false);
  me.tell({ canPublish: true, canPublishSources: [SCREEN_SHARE] });
  assert.ok(await over());
  assert.equal(me.listenerCount(ParticipantEvent.ParticipantPermissionsChanged), 0);
});

test('a right that never comes is not waited for longer than a click is remembered', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const me = new Me();
  me.tell({ canPublish: false, canPublishSources: [] });
  const over = await isOver(me, Track.Source.Camera);
  context.mock.timers.tick(2999);
  assert.equal(await over(), false);
  context.mock.timers.tick(1);
  assert.ok(await over());
  assert.equal(me.listenerCount(ParticipantEvent.ParticipantPermissionsChanged), 0);
});
