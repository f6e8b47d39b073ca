// What the app sends into a lesson's page and takes from it (docs/protocol/classroom.md), as types only.
import type { Bilingual } from '../i18n/language.ts';
import type { Side } from '../lesson/lesson.ts';

export type SideKey = 'a' | 'b';
export type Role = 'lead' | 'co_teacher' | 'substitute' | 'pupil' | 'screen';
export type Mode = 'individual' | 'class_to_class';
export type Right = 'chat' | 'microphone' | 'camera' | 'screen_share';
export type Source = Exclude<Right, 'chat'>;
export type Allowed = Readonly<Record<Right, boolean>>;
export type Audience = 'everyone' | 'leads' | 'between_leads';
export type ReactionKind = 'clap' | 'heart' | 'laugh' | 'yes' | 'no' | 'wow';
export type HeldWhy = 'phone' | 'email' | 'link' | 'handle' | 'language';
export type LobbyNote = 'not_open' | 'second_device' | 'locked' | 'adult_needed' | 'returned' | 'removed' | 'refused' | 'waiting';
export type GoneWhy = 'removed' | 'refused' | 'ended' | 'cancelled' | 'opened_elsewhere' | 'seat_moved' | 'card_ended' | 'not_yours';

export interface You {
  readonly person: string;
  readonly name: Bilingual;
  readonly side: SideKey;
  readonly role: Role;
  readonly is_teacher: boolean;
  readonly is_lead: boolean;
  readonly is_companion: boolean;
  readonly status: 'waiting' | 'admitted';
  readonly allowed: Allowed;
}

export interface LessonSide {
  readonly key: SideKey;
  readonly side: Side;
  readonly school: Bilingual;
  readonly place: Bilingual;
  readonly zone: string;
  readonly class_group: Bilingual;
  readonly mode: Mode;
}

export interface ClassLesson {
  readonly id: string;
  readonly title: Bilingual;
  readonly state: string;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly minutes?: number;
  readonly adults_needed?: number;
  readonly sides: readonly LessonSide[];
}

export interface Member {
  readonly person: string;
  readonly name: Bilingual;
  readonly side: SideKey;
  readonly role: Role;
  readonly status: 'admitted' | 'away';
  readonly is_companion: boolean;
  readonly allowed: Allowed;
}

export interface Message {
  readonly message: string;
  readonly seq: number;
  readonly at: string;
  readonly from: string;
  readonly name: Bilingual;
  readonly side: SideKey;
  readonly to: Audience;
  readonly text: string;
  readonly status: 'shown' | 'held' | 'discarded';
  readonly why: readonly HeldWhy[];
  /** Only on one's own. */
  readonly client_id?: string;
}

export interface Word {
  readonly word: string;
  readonly en: string;
  readonly zh: string;
  readonly note: string;
}

export interface Waiting {
  readonly person: string;
  readonly name: Bilingual;
  readonly side: SideKey;
  readonly since: string;
  readonly note: null | 'second_device' | 'returned' | 'removed' | 'refused';
}

export interface Report {
  readonly report: string;
  readonly seq: number;
  readonly at: string;
  readonly by: string;
  readonly name: Bilingual;
  readonly about: string | null;
  readonly text: string;
}

/** Everything one person may know now. A waiting person has no lists, and only teachers have lobby and reports: here they are empty. */
export interface ClassState {
  readonly seq: number;
  readonly at: string;
  readonly you: You;
  readonly lesson: ClassLesson;
  readonly lobby_note: LobbyNote | null;
  readonly people: readonly Member[];
  readonly chat: readonly Message[];
  readonly hands: readonly string[];
  readonly words: readonly Word[];
  readonly permissions: Allowed;
  readonly is_locked: boolean;
  readonly grace_ends_at: string | null;
  readonly lobby: readonly Waiting[];
  readonly reports: readonly Report[];
}

export interface Lists {
  readonly people: readonly Member[];
  readonly chat: readonly Message[];
  readonly words: readonly Word[];
  readonly lobby: readonly Waiting[];
  readonly reports: readonly Report[];
}

export interface ClassEvent {
  readonly seq: number;
  readonly at?: string;
  readonly kind: string;
  readonly by?: string;
  readonly set?: Partial<Omit<ClassState, 'seq' | 'at' | keyof Lists>>;
  readonly put?: Partial<Lists>;
  readonly drop?: Partial<Readonly<Record<keyof Lists, readonly string[]>>>;
}

/** What a page may ask for; the payloads are in the protocol's table. */
export interface Commands {
  chat_send: { client_id: string; to: Audience; text: string };
  chat_release: { message: string };
  chat_discard: { message: string };
  hand_raise: Record<string, never>;
  hand_lower: { person?: string };
  hands_clear: Record<string, never>;
  react: { kind: ReactionKind };
  word_put: { word?: string; en: string; zh: string; note?: string };
  word_remove: { word: string };
  admit: { people: readonly string[] };
  admit_all: { side?: SideKey };
  refuse: { person: string };
  mute: { people: readonly string[] | 'pupils' | 'everyone'; source: Source };
  ask_unmute: { person: string; source: Source };
  remove: { person: string };
  lock: { locked: boolean };
  permit: { what: Right; allowed: boolean };
  permit_person: { person: string; what: Right; allowed: boolean | null };
  set_mode: { side: SideKey; mode: Mode };
  hand_over: { to: string };
  report: { about?: string; text: string };
  start: Record<string, never>;
  end: Record<string, never>;
  sync: Record<string, never>;
}
export type CommandName = keyof Commands;

export interface RefusalBody {
  readonly code: string;
  readonly titles: Bilingual;
}
export type Ack = { readonly ok: true; readonly seq?: number } | ({ readonly ok: false } & RefusalBody);

export interface Alert {
  readonly kind: 'waiting' | 'second_device' | 'held' | 'report';
  readonly person?: string;
  readonly name?: Bilingual;
}
export interface PleaseUnmute {
  readonly source: Source;
  readonly from: string;
  readonly name: Bilingual;
}
