// People of the class as the stage draws them: who they are by the app, how they look and sound by the media server.
import type { Participant, Room } from 'livekit-client';
import { readMedia, type Media, type Person } from '../lesson/people.ts';
import type { Lesson, SeatInfo } from '../lesson/lesson.ts';
import type { ClassLesson, ClassState, LessonSide, Member, SideKey } from './protocol.ts';

export const sideOf = (lesson: ClassLesson, key: SideKey): LessonSide | undefined => lesson.sides.find((side) => side.key === key);

const ROLE_ORDER = { lead: 0, substitute: 0, co_teacher: 1, screen: 2, pupil: 3 } as const;

/** Everybody who is in the media room and has a picture to show there: adults first, then the two sides; companions have none. */
export function stagePeople(state: ClassState, room: Room): readonly Person[] {
  const members = new Map(state.people.map((member) => [member.person, member]));
  const everybody: Participant[] = [room.localParticipant, ...room.remoteParticipants.values()];
  const placed: { person: Person; member: Member }[] = [];
  for (const participant of everybody) {
    const member = participant.isLocal ? members.get(state.you.person) : members.get(participant.identity);
    if (!member || member.is_companion) continue;
    const country = sideOf(state.lesson, member.side);
    const person: Person = {
      identity: member.person,
      isMe: participant.isLocal,
      side: country?.side,
      name: member.name,
      place: country?.place,
      ...readMedia(participant),
    };
    placed.push({ person, member });
  }
  placed.sort(
    (one, two) =>
      ROLE_ORDER[one.member.role] - ROLE_ORDER[two.member.role] ||
      one.member.side.localeCompare(two.member.side) ||
      one.person.joinedAt - two.person.joinedAt ||
      one.person.identity.localeCompare(two.person.identity),
  );
  return placed.map(({ person }) => person);
}

/** Who is in the media room, and how. */
export function mediaOf(room: Room): ReadonlyMap<string, Media> {
  const everybody: Participant[] = [room.localParticipant, ...room.remoteParticipants.values()];
  return new Map(everybody.map((participant) => [participant.identity, readMedia(participant)]));
}

/** The lesson as header and door of the demo lesson know it: one seat per side, and one's own. */
export function asLesson(lesson: ClassLesson): Lesson {
  const people = lesson.sides.map((side): SeatInfo => ({ seat: side.key, side: side.side, name: side.class_group, place: side.place, zone: side.zone }));
  return { id: lesson.id, room: '', title: lesson.title, is_always_live: false, people };
}

export function asSeat(lesson: ClassLesson, me: { readonly name: SeatInfo['name']; readonly side: SideKey }): SeatInfo {
  const side = sideOf(lesson, me.side) ?? lesson.sides[0];
  if (!side) throw new Error('a lesson has two sides');
  return { seat: side.key, side: side.side, name: me.name, place: side.school, zone: side.zone };
}
