// The lesson's state in the page: one reducer for all events, which notices when one was lost. Pure.
import type { Allowed, ClassEvent, ClassState, Lists, Member, Message, SideKey } from './protocol.ts';

const NOTHING: Allowed = { chat: false, microphone: false, camera: false, screen_share: false };
const KEYS: Readonly<Record<keyof Lists, string>> = { people: 'person', chat: 'message', words: 'word', lobby: 'person', reports: 'report' };
const MESSAGES_KEPT = 500; // as many as the server's state has

/** A state as it came, with empty lists where the server may not tell. */
export const wholeState = (raw: Partial<ClassState> & Pick<ClassState, 'seq' | 'you' | 'lesson'>): ClassState => ({
  at: '',
  lobby_note: null,
  people: [],
  chat: [],
  hands: [],
  words: [],
  permissions: NOTHING,
  is_locked: false,
  grace_ends_at: null,
  lobby: [],
  reports: [],
  ...raw,
});

type Entry = Readonly<Record<string, unknown>>;

function put(list: readonly Entry[], entries: readonly Entry[], key: string): readonly Entry[] {
  const fresh = new Map(entries.map((entry) => [entry[key], entry]));
  const kept = list.map((entry) => {
    const next = fresh.get(entry[key]);
    fresh.delete(entry[key]);
    return next ?? entry;
  });
  return [...kept, ...fresh.values()];
}

/** The state after an event; the same state for an old event; undefined when one is missing before it, so ask for the whole. */
export function applyEvent(state: ClassState, event: ClassEvent): ClassState | undefined {
  if (event.seq <= state.seq) return state;
  if (event.seq !== state.seq + 1) return undefined;
  const next: Record<string, unknown> = { ...state, seq: event.seq };
  for (const [key, value] of Object.entries(event.set ?? {})) next[key] = value;
  for (const [list, key] of Object.entries(KEYS) as [keyof Lists, string][]) {
    const entries = event.put?.[list] as readonly unknown[] | undefined;
    if (entries) next[list] = put(next[list] as readonly Entry[], entries as readonly Entry[], key);
    const gone = event.drop?.[list];
    if (gone) next[list] = (next[list] as readonly Entry[]).filter((entry) => !gone.includes(String(entry[key])));
  }
  next['chat'] = (next['chat'] as readonly Message[]).slice(-MESSAGES_KEPT);
  return next as unknown as ClassState;
}

export const memberOf = (state: ClassState, person: string): Member | undefined => state.people.find((member) => member.person === person);

const ROLE_ORDER = { lead: 0, substitute: 1, co_teacher: 2, screen: 3, pupil: 4 } as const;

/** One school's people: adults before pupils, each by name. */
export const membersOfSide = (state: ClassState, side: SideKey): readonly Member[] =>
  state.people
    .filter((member) => member.side === side)
    .toSorted((one, two) => ROLE_ORDER[one.role] - ROLE_ORDER[two.role] || one.name.en.localeCompare(two.name.en) || one.person.localeCompare(two.person));

/** Messages in their order. */
export const messagesOf = (state: ClassState): readonly Message[] => state.chat.toSorted((one, two) => one.seq - two.seq);

/** Where somebody stands in the queue of hands, from 1; 0 with the hand down. */
export const handPlace = (state: ClassState, person: string): number => state.hands.indexOf(person) + 1;
