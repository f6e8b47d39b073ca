// The states of one's own connection and what is said about each; livekit-client's events drive it.
import { DisconnectReason } from 'livekit-client';
import { m } from '../i18n/language.ts';

export type Phase = 'connecting' | 'live' | 'recovering' | 'back' | 'lost' | 'left';

/** Why the lesson ended for this viewer, as a message; undefined for an ordinary leave. */
export function reasonText(reason: DisconnectReason | undefined): string {
  switch (reason) {
    case DisconnectReason.DUPLICATE_IDENTITY:
      return m('This seat was opened in another window, so it was closed here.');
    case DisconnectReason.PARTICIPANT_REMOVED:
      return m('A teacher removed you from the lesson.');
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return m('The lesson was ended.');
    case DisconnectReason.SERVER_SHUTDOWN:
      return m('The lesson server is restarting. Try again in a moment.');
    case DisconnectReason.JOIN_FAILURE:
      return m('The lesson could not be joined.');
    default:
      return m('The connection to the lesson was lost.');
  }
}

/** What went wrong with an action of the dock. Closing the browser's own chooser is a decision, not a fault. */
export function remarkText(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
      return m('The browser did not allow it. Nothing was shared.');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return m('That device was not found.');
    case 'NotReadableError':
    case 'AbortError':
      return m('Another program is using that device.');
    case 'PublishTrackError':
    case 'TrackInvalidError':
      return m('The lesson did not accept it. Try again in a moment.');
    default:
      return m('That did not work. Try again in a moment.');
  }
}
