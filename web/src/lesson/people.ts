// Who is in the room and how they are, read from livekit-client into plain values that components draw.
import { ConnectionQuality, Track, type Participant, type Room, type TrackPublication } from 'livekit-client';
import type { Bilingual } from '../i18n/language.ts';
import { isSide, type Lesson, type Side } from './lesson.ts';

export type Quality = 'excellent' | 'good' | 'poor' | 'lost' | 'unknown';

/** What the media server says of one participant. A picture that is on but not received has no track. */
export interface Media {
  readonly isSpeaking: boolean;
  readonly isMicrophoneOn: boolean;
  readonly isCameraOn: boolean;
  readonly isScreenOn: boolean;
  readonly camera: Track | undefined;
  readonly screen: Track | undefined;
  readonly quality: Quality;
  readonly joinedAt: number;
}

export interface Person extends Media {
  readonly identity: string;
  readonly isMe: boolean;
  readonly side: Side | undefined;
  readonly name: Bilingual;
  readonly place: Bilingual | undefined;
}

const QUALITIES: Readonly<Record<ConnectionQuality, Quality>> = {
  [ConnectionQuality.Excellent]: 'excellent',
  [ConnectionQuality.Good]: 'good',
  [ConnectionQuality.Poor]: 'poor',
  [ConnectionQuality.Lost]: 'lost',
  [ConnectionQuality.Unknown]: 'unknown',
};

const running = (publication: TrackPublication | undefined): TrackPublication | undefined => (publication?.isMuted ? undefined : publication);

export function readMedia(participant: Participant): Media {
  const camera = running(participant.getTrackPublication(Track.Source.Camera));
  const screen = running(participant.getTrackPublication(Track.Source.ScreenShare));
  return {
    isSpeaking: participant.isSpeaking,
    isMicrophoneOn: participant.isMicrophoneEnabled,
    isCameraOn: camera !== undefined,
    isScreenOn: screen !== undefined,
    camera: camera?.track,
    screen: screen?.track,
    quality: QUALITIES[participant.connectionQuality],
    joinedAt: participant.joinedAt?.getTime() ?? 0,
  };
}

function bilingual(en: string | undefined, zh: string | undefined): Bilingual | undefined {
  const either = en || zh;
  return either ? { en: en || either, 'zh-Hant-TW': zh || either } : undefined;
}

export function readPerson(participant: Participant, lesson: Lesson): Person {
  const { attributes } = participant;
  const seat = lesson.people.find((known) => known.seat === attributes['seat']);
  const side = attributes['side'];
  const plainName = participant.name || participant.identity;
  return {
    identity: participant.identity,
    isMe: participant.isLocal,
    side: isSide(side) ? side : seat?.side,
    name: bilingual(attributes['name_en'], attributes['name_zh']) ?? seat?.name ?? { en: plainName, 'zh-Hant-TW': plainName },
    place: bilingual(attributes['place_en'], attributes['place_zh']) ?? seat?.place,
    ...readMedia(participant),
  };
}

const SIDE_ORDER = { tw: 0, us: 1 } as const; // the order of the dual clock

/** Everybody in a stable order: Taiwan, United States, others; within a side by the time of joining. */
export function readPeople(room: Room, lesson: Lesson): readonly Person[] {
  const everybody: Participant[] = [room.localParticipant, ...room.remoteParticipants.values()];
  const order = (person: Person): number => (person.side ? SIDE_ORDER[person.side] : 2);
  return everybody
    .map((participant) => readPerson(participant, lesson))
    .sort((a, b) => order(a) - order(b) || a.joinedAt - b.joinedAt || a.identity.localeCompare(b.identity));
}
