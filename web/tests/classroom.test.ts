import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bellAt, secondsUntil } from '../src/classroom/bell.ts';
import { ClassroomClient, type ClientListener } from '../src/classroom/client.ts';
import type { ClassEvent, ClassState, Member, Message } from '../src/classroom/protocol.ts';
import { companionReception, gridSize, planClassStage, receptionOf, type StageWish } from '../src/classroom/stage.ts';
import { applyEvent, handPlace, membersOfSide, messagesOf, wholeState } from '../src/classroom/store.ts';
import { Wishes, type Switches } from '../src/classroom/wishes.ts';
import type { Wire } from '../src/classroom/wire.ts';
import type { Person } from '../src/lesson/people.ts';

const both = (name: string) => ({ en: name, 'zh-Hant-TW': name });
const ALL = { chat: true, microphone: true, camera: true, screen_share: true };
const member = (person: string, more: Partial<Member> = {}): Member => ({
  person,
  name: both(person),
  side: 'a',
  role: 'pupil',
  status: 'admitted',
  is_companion: false,
  allowed: ALL,
  ...more,
});
const message = (id: string, seq: number, more: Partial<Message> = {}): Message => ({
  message: id,
  seq,
  at: '',
  from: 'pupil-1',
  name: both('Ava'),
  side: 'a',
  to: 'everyone',
  text: id,
  status: 'shown',
  why: [],
  ...more,
});
const START = wholeState({
  seq: 7,
  you: { person: 'pupil-1', name: both('Ava'), side: 'a', role: 'pupil', is_teacher: false, is_lead: false, is_companion: false, status: 'admitted', allowed: ALL },
  lesson: { id: 'le_1', title: both('Weather'), state: 'live', starts_at: '', ends_at: '', sides: [] },
});
const after = (state: ClassState, ...events: readonly ClassEvent[]): ClassState =>
  events.reduce((known, event) => {
    const next = applyEvent(known, event);
    assert.ok(next, `event ${event.seq} found a gap`);
    return next;
  }, state);

test('a waiting person has a state without lists, which the page may read as empty ones', () => {
  assert.deepEqual([START.people, START.chat, START.lobby, START.reports], [[], [], [], []]);
});

test('one reducer sets, puts and drops by the key of each list', () => {
  const first = member('adult-lin', { role: 'lead' });
  const state = after(
    START,
    { seq: 8, kind: 'came', put: { people: [first, member('pupil-2')] } },
    { seq: 9, kind: 'hand_raised', set: { hands: ['pupil-2', 'pupil-1'] } },
    { seq: 10, kind: 'chat_sent', put: { chat: [message('m2', 10), message('m1', 9)] } },
    { seq: 11, kind: 'hidden' },
    { seq: 12, kind: 'something new', put: { people: [{ ...first, status: 'away' }] }, drop: { people: ['pupil-2'] } },
  );
  assert.deepEqual(state.people, [{ ...first, status: 'away' }]);
  assert.deepEqual(messagesOf(state).map((one) => one.message), ['m1', 'm2']);
  assert.equal(handPlace(state, 'pupil-1'), 2);
  assert.equal(state.seq, 12);
});

test('a held message that is released stays one message in its place', () => {
  const state = after(
    START,
    { seq: 8, kind: 'chat_held', put: { chat: [message('m1', 8, { status: 'held', why: ['phone'] })] } },
    { seq: 9, kind: 'chat_sent', put: { chat: [message('m2', 9)] } },
    { seq: 10, kind: 'chat_released', put: { chat: [message('m1', 8)] } },
  );
  assert.deepEqual(messagesOf(state).map((one) => [one.message, one.status]), [['m1', 'shown'], ['m2', 'shown']]);
});

test('an old event changes nothing, and after a lost one nothing is applied', () => {
  assert.equal(applyEvent(START, { seq: 7, kind: 'came', put: { people: [member('pupil-9')] } }), START);
  assert.equal(applyEvent(START, { seq: 9, kind: 'hidden' }), undefined);
});

test('one school is listed adults first', () => {
  const state = after(START, {
    seq: 8,
    kind: 'came',
    put: { people: [member('pupil-b'), member('pupil-a'), member('adult-2', { role: 'co_teacher' }), member('adult-1', { role: 'lead' }), member('pupil-c', { side: 'b' })] },
  });
  assert.deepEqual(membersOfSide(state, 'a').map((one) => one.person), ['adult-1', 'adult-2', 'pupil-a', 'pupil-b']);
});

class FakeWire implements Wire {
  connected = true;
  active = true;
  isClosed = false;
  readonly asked: [string, unknown][] = [];
  answer: (event: string) => Promise<unknown> = async () => ({ ok: true });
  private readonly listeners = new Map<string, (...args: never[]) => void>();

  on(event: string, listener: (...args: never[]) => void): void {
    this.listeners.set(event, listener);
  }
  ask(event: string, payload: unknown): Promise<unknown> {
    this.asked.push([event, payload]);
    return this.answer(event);
  }
  connect(): void {
    this.isClosed = false;
  }
  close(): void {
    this.isClosed = true;
  }
  hear(event: string, ...args: unknown[]): void {
    this.listeners.get(event)?.(...(args as never[]));
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
function connected(): { wire: FakeWire; client: ClassroomClient; heard: ClassEvent[] } {
  const wire = new FakeWire();
  const heard: ClassEvent[] = [];
  const listener: ClientListener = {
    onChange: () => undefined,
    onEvent: (event) => void heard.push(event),
    onReaction: () => undefined,
    onPleaseUnmute: () => undefined,
    onAlert: () => undefined,
  };
  let ids = 0;
  const client = new ClassroomClient(wire, listener, () => `id-${(ids += 1)}`);
  wire.hear('connect');
  wire.hear('state', START);
  return { wire, client, heard };
}

test('after a gap the client asks for the whole state, once, and applies nothing until it has it', async () => {
  const { wire, client, heard } = connected();
  wire.hear('event', { seq: 9, kind: 'came', put: { people: [member('pupil-9')] } });
  wire.hear('event', { seq: 10, kind: 'hidden' });
  await settle();
  assert.deepEqual(wire.asked, [['sync', {}]]);
  assert.deepEqual([client.state?.seq, heard.length], [7, 0]);
  wire.hear('state', { ...START, seq: 10 });
  wire.hear('event', { seq: 11, kind: 'hidden' });
  assert.equal(client.state?.seq, 11);
});

test('what no text has is taken out before it is sent, in the chat and elsewhere', async () => {
  const { wire, client } = connected();
  await client.say('everyone', 'lone \uD83D and \0 nul, 👋🏽 whole');
  await client.say('everyone', '\0\0 ');
  await client.send('word_put', { en: 'a\uDE00', zh: '颱風' });
  assert.deepEqual(wire.asked, [
    ['chat_send', { client_id: 'id-1', to: 'everyone', text: 'lone \uFFFD and  nul, 👋🏽 whole' }],
    ['word_put', { en: 'a\uFFFD', zh: '颱風' }],
  ]);
});

test('a message without an ack is sent again under the same id and confirmed once', async () => {
  const { wire, client } = connected();
  let silent = 2;
  wire.answer = async () => {
    if ((silent -= 1) >= 0) throw new Error('timeout');
    return { ok: true, seq: 8 };
  };
  await client.say('everyone', 'hello');
  assert.deepEqual(wire.asked.map(([, payload]) => (payload as { client_id: string }).client_id), ['id-1', 'id-1', 'id-1']);
  assert.equal(client.pending.length, 1, 'shown as on its way until the state has it');
  wire.hear('event', { seq: 8, kind: 'chat_sent', put: { chat: [message('m1', 8, { text: 'hello' })] } });
  assert.deepEqual([client.pending.length, client.state?.chat.length], [0, 1]);
});

test('a message that found no connection goes out by itself when there is one', async () => {
  const { wire, client } = connected();
  wire.answer = async () => Promise.reject(new Error('timeout'));
  await client.say('leads', 'help');
  assert.equal(client.pending[0]?.status, 'later');
  wire.answer = async () => ({ ok: true, seq: 8 });
  wire.hear('state', { ...START, seq: 8 });
  await settle();
  assert.deepEqual(wire.asked.at(-1), ['chat_send', { client_id: 'id-1', to: 'leads', text: 'help' }]);
  assert.equal(client.pending.length, 0);
});

test('a refused message says why and can be forgotten', async () => {
  const { wire, client } = connected();
  const titles = { en: 'Too often.', 'zh-Hant-TW': '太頻繁。' };
  wire.answer = async () => ({ ok: false, code: 'rate_limited', titles });
  await client.say('everyone', 'again');
  assert.deepEqual([client.pending[0]?.status, client.pending[0]?.problem], ['refused', titles]);
  client.forget('id-1');
  assert.equal(client.pending.length, 0);
});

test('who was sent away stays away, and sends nothing more', async () => {
  const { wire, client } = connected();
  wire.hear('gone', { why: 'removed' });
  wire.hear('disconnect');
  assert.ok(wire.isClosed);
  assert.equal(client.gone, 'removed');
  assert.deepEqual(await client.send('hand_raise', {}), { ok: false, titles: undefined });
  assert.deepEqual(wire.asked, []);
});

test('a lesson that does not let one in is final; a crowd at the door is not', () => {
  const { wire, client } = connected();
  wire.hear('connect_error', Object.assign(new Error(), { data: { code: 'rate_limited', titles: both('wait') } }));
  assert.deepEqual([client.refusal, client.link], [undefined, 'offline']);
  wire.hear('connect_error', Object.assign(new Error(), { data: { code: 'lesson_state', titles: both('over') } }));
  assert.equal(client.refusal?.code, 'lesson_state');
  assert.ok(wire.isClosed);
});

const person = (identity: string, more: Partial<Person> = {}): Person => ({
  identity,
  isMe: false,
  side: 'tw',
  name: both(identity),
  place: undefined,
  isSpeaking: false,
  isMicrophoneOn: true,
  isCameraOn: true,
  isScreenOn: false,
  camera: undefined,
  screen: undefined,
  quality: 'good',
  joinedAt: 0,
  ...more,
});
const CLASS = [person('me', { isMe: true }), ...Array.from({ length: 29 }, (_, index) => person(`p${index}`))];
const WISH: StageWish = { mode: 'tiles', page: 0, gridSize: 12, stripSize: 5, lastSpeaker: undefined, isLowData: false };
const shown = (wish: Partial<StageWish>, people = CLASS): string[] => planClassStage(people, { ...WISH, ...wish }).small.map((one) => one.person.identity);

test('a class of thirty stands on three pages, each person on exactly one', () => {
  const pages = [0, 1, 2].flatMap((page) => shown({ page }));
  assert.deepEqual(pages.toSorted(), CLASS.map((one) => one.identity).toSorted());
  assert.equal(planClassStage(CLASS, { ...WISH, page: 99 }).page, 2, 'a page that is gone shows the last one');
});

test('only the pictures on the page are received, and never one of oneself', () => {
  const plan = planClassStage(CLASS, { ...WISH, page: 1 });
  const { pictures, hasSound } = receptionOf(plan, false);
  assert.equal(pictures.size, 12);
  assert.ok(hasSound && !pictures.has('camera/me') && !pictures.has('camera/p0'));
  assert.ok([...pictures].every((key) => key.startsWith('camera/p')));
});

test('a shared screen is big and everybody else stands in pages beside it', () => {
  const people = CLASS.map((one) => (one.identity === 'p3' ? { ...one, isScreenOn: true } : one));
  const plan = planClassStage(people, WISH);
  assert.deepEqual([plan.big?.kind, plan.big?.person.identity, plan.small.length, plan.pages], ['screen', 'p3', 5, 6]);
  assert.ok(receptionOf(plan, false).pictures.has('screen/p3'));
});

test('with less data there is sound and one picture: the speaker, or the screen', () => {
  const plan = planClassStage(CLASS, { ...WISH, isLowData: true, lastSpeaker: 'p7' });
  assert.deepEqual([...receptionOf(plan, true).pictures], ['camera/p7']);
  assert.deepEqual(plan.small, []);
});

test('a companion receives nothing until its pupil chooses', () => {
  const plan = planClassStage(CLASS, { ...WISH, isLowData: true, lastSpeaker: 'p7' });
  assert.deepEqual(companionReception(plan, { hasSound: false, hasPicture: false }), { pictures: new Set(), hasSound: false });
  assert.deepEqual([...companionReception(plan, { hasSound: true, hasPicture: true }).pictures], ['camera/p7']);
});

test('a page has as many tiles as keep a face a face', () => {
  assert.equal(gridSize(984, 592), 16);
  assert.equal(gridSize(360, 500), 8);
  assert.equal(gridSize(320, 500), 4);
  assert.equal(gridSize(0, 0), 1);
});

test('the bell is announced five minutes before, and overrun is said', () => {
  const end = '2026-10-20T02:00:00Z';
  const at = (clock: string): ReturnType<typeof bellAt> => bellAt(end, Date.parse(`2026-10-20T${clock}Z`));
  assert.equal(at('01:54:59'), undefined);
  assert.deepEqual(at('01:55:00'), { kind: 'soon', minutes: 5 });
  assert.deepEqual(at('01:59:59'), { kind: 'soon', minutes: 1 });
  assert.deepEqual(at('02:00:00'), { kind: 'over', minutes: 1 });
  assert.deepEqual(at('02:07:30'), { kind: 'over', minutes: 7 });
  assert.equal(bellAt('', 0), undefined);
  assert.equal(secondsUntil(end, Date.parse('2026-10-20T01:59:59.500Z')), 1);
  assert.equal(secondsUntil(end, Date.parse('2026-10-20T02:30:00Z')), 0);
});

const BOTH_ON: Switches = { microphone: true, camera: true };
const BOTH_OFF: Switches = { microphone: false, camera: false };

test('what a teacher switched off is not wished any more, and is told once', async () => {
  const wishes = new Wishes();
  wishes.microphone = wishes.camera = true;
  assert.deepEqual(await wishes.takenAway(() => BOTH_ON), []);
  assert.deepEqual(await wishes.takenAway(() => ({ microphone: false, camera: true })), ['microphone']);
  assert.deepEqual([wishes.microphone, wishes.camera], [false, true]);
  assert.deepEqual(await wishes.takenAway(() => ({ microphone: false, camera: true })), []);
});

test('a call that ends takes its tracks away before it says so, and what was wished goes on in the next one', async () => {
  const wishes = new Wishes();
  wishes.microphone = wishes.camera = true;
  await wishes.takenAway(() => BOTH_ON);
  let isLive = true;
  const taken = wishes.takenAway(() => (isLive ? BOTH_OFF : undefined));
  isLive = false; // the end follows in the same turn
  assert.deepEqual(await taken, []);
  wishes.restart();
  assert.deepEqual(await wishes.takenAway(() => BOTH_OFF), [], 'nothing is on yet in the next call');
  assert.deepEqual([wishes.microphone, wishes.camera], [true, true]);
});
