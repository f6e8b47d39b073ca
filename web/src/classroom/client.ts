// One page's conversation with the lesson: holds the state, asks again for what was lost, sends and sends again.
import type { Bilingual } from '../i18n/language.ts';
import type { Ack, Alert, Audience, ClassEvent, ClassState, CommandName, Commands, GoneWhy, PleaseUnmute, ReactionKind, RefusalBody } from './protocol.ts';
import { applyEvent, wholeState } from './store.ts';
import type { Wire } from './wire.ts';

const ACK_MS = 5000; // docs/protocol/classroom.md §3: then send again
const TRIES = 3;
const AGAIN_MS = 2000; // after a refusal that passes, such as too many connections at once
const FINAL_CODES: readonly string[] = ['not_found', 'lesson_state', 'not_verified'];

/** Half a character of a broken paste, and NUL, are in no text: the server refuses them, and nobody would know why. */
const readable = (text: string): string => text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\uFFFD');
const cleaned = <Payload>(payload: Payload): Payload =>
  Object.fromEntries(Object.entries(payload as Record<string, unknown>).map(([key, value]) => [key, typeof value === 'string' ? readable(value) : value])) as Payload;

export type Link = 'connecting' | 'online' | 'offline';

/** A message of one's own that the server has not confirmed, or would not take. */
export interface Pending {
  readonly client_id: string;
  readonly to: Audience;
  readonly text: string;
  /** `later`: there is no connection; it goes out by itself when there is one again. */
  readonly status: 'sending' | 'later' | 'refused';
  readonly problem?: Bilingual | undefined;
  /** Its number in the lesson, once known: it is shown until the state has it. */
  readonly seq?: number | undefined;
}

export type Answer = { readonly ok: true } | { readonly ok: false; readonly titles: Bilingual | undefined };

export interface ClientListener {
  onChange(): void;
  onEvent(event: ClassEvent, before: ClassState): void;
  onReaction(reaction: { person: string; kind: ReactionKind }): void;
  onPleaseUnmute(wish: PleaseUnmute): void;
  onAlert(alert: Alert): void;
}

export class ClassroomClient {
  state: ClassState | undefined;
  link: Link = 'connecting';
  /** Set when the server ended the connection for good. */
  gone: GoneWhy | undefined;
  /** Set when the server would not let this page in at all. */
  refusal: RefusalBody | undefined;
  pending: readonly Pending[] = [];
  private readonly wire: Wire;
  private readonly listener: ClientListener;
  private readonly newId: () => string;
  private isSyncing = false;

  constructor(wire: Wire, listener: ClientListener, newId: () => string = () => crypto.randomUUID()) {
    this.wire = wire;
    this.listener = listener;
    this.newId = newId;
    wire.on('connect', () => this.setLink('online'));
    wire.on('disconnect', () => this.onDisconnect());
    wire.on('connect_error', (error: Error & { data?: RefusalBody }) => this.onRefused(error.data));
    wire.on('state', (raw: Parameters<typeof wholeState>[0]) => this.onState(raw));
    wire.on('event', (event: ClassEvent) => this.onEvent(event));
    wire.on('reaction', (reaction: { person: string; kind: ReactionKind }) => listener.onReaction(reaction));
    wire.on('please_unmute', (wish: PleaseUnmute) => listener.onPleaseUnmute(wish));
    wire.on('alert', (alert: Alert) => listener.onAlert(alert));
    wire.on('gone', ({ why }: { why: GoneWhy }) => this.onGone(why));
  }

  open(): void {
    this.wire.connect();
  }

  close(): void {
    this.wire.close();
  }

  /** Sends a command; without an answer in time it is sent again, which the protocol allows for every command. */
  async send<Name extends CommandName>(name: Name, payload: Commands[Name]): Promise<Answer> {
    const ack = await this.ask(name, cleaned(payload));
    if (!ack) return { ok: false, titles: undefined };
    return ack.ok ? { ok: true } : { ok: false, titles: ack.titles };
  }

  async say(to: Audience, written: string): Promise<void> {
    const [client_id, text] = [this.newId(), readable(written)];
    if (!text.trim()) return;
    this.pending = [...this.pending, { client_id, to, text, status: 'sending' }];
    this.listener.onChange();
    await this.deliver(client_id);
  }

  forget(clientId: string): void {
    this.pending = this.pending.filter((one) => one.client_id !== clientId);
    this.listener.onChange();
  }

  private async deliver(clientId: string): Promise<void> {
    const message = this.pending.find((one) => one.client_id === clientId);
    if (!message) return;
    const { to, text } = message;
    if (message.status !== 'sending') this.patchPending(clientId, { status: 'sending' });
    const ack = await this.ask('chat_send', { client_id: clientId, to, text });
    if (ack?.ok) this.patchPending(clientId, { seq: ack.seq ?? this.state?.seq });
    else this.patchPending(clientId, ack ? { status: 'refused', problem: ack.titles } : { status: 'later' });
  }

  private patchPending(clientId: string, patch: Partial<Pending>): void {
    this.pending = this.pending.map((one) => (one.client_id === clientId ? { ...one, ...patch } : one));
    this.dropConfirmed();
    this.listener.onChange();
  }

  private dropConfirmed(): void {
    const { pending } = this;
    if (pending.length === 0) return;
    const seen = this.state?.seq ?? 0;
    const stored = new Set(this.state?.chat.map((message) => message.client_id));
    this.pending = pending.filter((one) => !stored.has(one.client_id) && (one.seq === undefined || one.seq > seen));
  }

  private async ask(name: CommandName, payload: unknown): Promise<Ack | undefined> {
    for (let tried = 0; tried < TRIES && !this.gone && !this.refusal; tried += 1) {
      try {
        return (await this.wire.ask(name, payload, ACK_MS)) as Ack;
      } catch {
        // no ack in time: the connection may just be coming back
      }
    }
    return undefined;
  }

  private onState(raw: Parameters<typeof wholeState>[0]): void {
    this.isSyncing = false;
    this.state = wholeState(raw);
    this.dropConfirmed();
    this.listener.onChange();
    // The same id as before, so that it can never stand there twice.
    for (const { client_id, status } of this.pending) if (status === 'later') void this.deliver(client_id);
  }

  private onEvent(event: ClassEvent): void {
    const before = this.state;
    if (!before || this.isSyncing) return;
    const after = applyEvent(before, event);
    if (!after) {
      this.isSyncing = true;
      void this.ask('sync', {}).then((ack) => {
        if (!ack?.ok) this.isSyncing = false; // the next event finds the gap again
      });
      return;
    }
    if (after === before) return;
    this.state = after;
    this.dropConfirmed();
    this.listener.onEvent(event, before);
    this.listener.onChange();
  }

  private onGone(why: GoneWhy): void {
    this.gone = why;
    this.wire.close();
    this.listener.onChange();
  }

  private onDisconnect(): void {
    this.isSyncing = false;
    if (this.gone) return;
    this.setLink('offline');
    if (!this.wire.active) setTimeout(() => this.reopen(), AGAIN_MS);
  }

  private onRefused(body: RefusalBody | undefined): void {
    if (body && FINAL_CODES.includes(body.code)) {
      this.refusal = body;
      this.wire.close();
      this.listener.onChange();
      return;
    }
    this.setLink('offline');
    if (!this.wire.active) setTimeout(() => this.reopen(), AGAIN_MS);
  }

  private reopen(): void {
    if (!this.gone && !this.refusal && !this.wire.connected) this.wire.connect();
  }

  private setLink(link: Link): void {
    this.link = link;
    this.listener.onChange();
  }
}
