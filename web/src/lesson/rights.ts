// Waits until the media server lets the viewer publish what the page already says they may.
import { ParticipantEvent, Track, type LocalParticipant } from 'livekit-client';

/** A browser forgets a click after five seconds, and with it the leave to ask for a screen. */
const COMES_WITHIN_MS = 3000;

function may(me: LocalParticipant, source: Track.Source): boolean {
  const { permissions } = me;
  if (!permissions) return true; // not told yet: the media server will say
  const { canPublish, canPublishSources } = permissions;
  return canPublish && (canPublishSources.length === 0 || canPublishSources.map(Track.sourceFromProto).includes(source));
}

/** The page and the media server are told of a right on two ways; without it the client refuses at once. */
export function permitted(me: LocalParticipant, source: Track.Source): Promise<void> {
  if (may(me, source)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      me.off(ParticipantEvent.ParticipantPermissionsChanged, look);
      resolve();
    };
    const look = (): void => {
      if (may(me, source)) done();
    };
    const timer = setTimeout(done, COMES_WITHIN_MS);
    me.on(ParticipantEvent.ParticipantPermissionsChanged, look);
  });
}
