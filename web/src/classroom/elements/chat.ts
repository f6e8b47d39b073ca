// <tc-chat>: the lesson's conversation: to everybody, to the teachers, between the leads; held messages for a teacher to release.
import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, m, t } from '../../i18n/language.ts';
import { clockFace } from '../../lesson/clock.ts';
import type { Pending } from '../client.ts';
import { sideOf } from '../people.ts';
import type { Audience, HeldWhy, Message } from '../protocol.ts';
import { messagesOf } from '../store.ts';
import { ClassPart, nameOf, unseen } from './part.ts';

const AUDIENCES: Readonly<Record<Audience, string>> = {
  everyone: m('to everybody'),
  leads: m('to the teachers'),
  between_leads: m('between the leads'),
};
const REASONS: Readonly<Record<HeldWhy, string>> = {
  phone: m('a phone number'),
  email: m('an e-mail address'),
  link: m('a link'),
  handle: m('a name on another service'),
  language: m('a word that hurts'),
};
const LONGEST = 1000; // the protocol's limit
const FEW_LEFT = 100; // then a long writer is told
const NEAR_END_PX = 48; // scrolled so far down counts as reading the newest

export interface Said {
  readonly to: Audience;
  readonly text: string;
}

export class ChatElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, pending: { attribute: false }, to: { state: true }, unread: { state: true }, left: { state: true } };
  declare pending: readonly Pending[];
  declare to: Audience;
  declare unread: number;
  /** Characters that still fit, where they become few. */
  declare left: number;
  private isAtEnd = true;
  private newest = 0;

  constructor() {
    super();
    this.to = 'everyone';
    this.unread = 0;
    this.left = LONGEST;
    this.pending = [];
  }

  private get audiences(): readonly Audience[] {
    const { you } = this.state;
    const everyone: readonly Audience[] = you.is_teacher || you.allowed.chat ? ['everyone'] : [];
    return [...everyone, 'leads', ...(you.is_lead ? (['between_leads'] as const) : [])];
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (!this.audiences.includes(this.to)) this.to = this.audiences[0] ?? 'leads';
    const newest = messagesOf(this.state).at(-1)?.seq ?? 0;
    if (newest > this.newest && this.newest > 0 && !this.isAtEnd) this.unread += 1;
    this.newest = Math.max(newest, this.newest);
  }

  protected override updated(): void {
    if (this.isAtEnd) this.toEnd();
  }

  private toEnd(): void {
    const list = this.querySelector('.chat-list');
    if (list) list.scrollTop = list.scrollHeight;
    if (this.unread > 0) this.unread = 0;
  }

  private onScroll(event: Event): void {
    const list = event.target as HTMLElement;
    this.isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PX;
    if (this.isAtEnd) this.unread = 0;
  }

  protected override render(): TemplateResult {
    const messages = messagesOf(this.state);
    return html`<section class="card chat" aria-labelledby="chat-title">
      <h2 class="card-title" id="chat-title">${pair('Chat')}</h2>
      <div class="chat-list" role="log" aria-labelledby="chat-title" tabindex="0" @scroll=${(event: Event) => this.onScroll(event)}><ol>
        ${messages.length + this.pending.length === 0 ? html`<li class="hint" lang=${language()}>${t('Nothing was written yet.')}</li>` : nothing}
        ${repeat(messages, (message) => message.message, (message) => this.renderMessage(message))}
        ${repeat(this.pending, (one) => one.client_id, (one) => this.renderPending(one))}
      </ol></div>
      ${this.unread > 0
        ? html`<button class="button button-small chat-more" @click=${() => ((this.isAtEnd = true), this.toEnd())}>${pair('New messages below')}</button>`
        : nothing}
      ${this.renderForm()}
    </section>`;
  }

  private renderMessage(message: Message): TemplateResult {
    const { you, lesson } = this.state;
    const isMine = message.from === you.person;
    const mine = sideOf(lesson, you.side);
    const time = mine ? clockFace(mine.side, mine.zone, new Date(message.at)).time : '';
    return html`<li class="message" data-status=${message.status} data-to=${message.to} ?data-mine=${isMine} data-message=${message.message}>
      <p class="message-head">
        <span class="message-from">${this.markOf(message.side)} ${nameOf(message.name)}</span>
        ${message.to === 'everyone' ? nothing : html`<span class="tag" lang=${language()}>${t(AUDIENCES[message.to])}</span>`}
        <time class="muted" datetime=${message.at}>${time}</time>
        ${isMine
          ? nothing
          : html`<button class="link-button message-report" lang=${language()} @click=${() => this.wish({ open: 'report', about: message.message, name: message.name })}>${t('Report it')}${unseen(message.name[language()])}</button>`}
      </p>
      ${message.text ? html`<p class="message-text" dir="auto">${message.text}</p>` : nothing} ${this.renderStatus(message, isMine)}
    </li>`;
  }

  private renderStatus(message: Message, isMine: boolean): TemplateResult | typeof nothing {
    const tag = language();
    if (message.status === 'shown') return nothing;
    if (message.status === 'discarded') return html`<p class="message-note" lang=${tag}>${t('A teacher did not release this message.')}</p>`;
    if (!this.state.you.is_teacher) return html`<p class="message-note" lang=${tag}>${t('Waiting for a teacher. Only you and the teachers see it.')}</p>`;
    const why = message.why.map((reason) => t(REASONS[reason])).join(tag === 'en' ? ', ' : '、');
    return html`<div class="message-held">
      <p lang=${tag}><strong>${isMine ? t('Waiting for a teacher.') : t('Held for you.')}</strong> ${t('Seems to have: %(why)s', { why })}</p>
      <div class="row">
        <button class="button button-small" @click=${() => this.send('chat_release', { message: message.message })}>${pair('Release')}</button>
        <button class="button button-small" @click=${() => this.send('chat_discard', { message: message.message })}>${pair('Discard')}</button>
      </div>
    </div>`;
  }

  private renderPending(one: Pending): TemplateResult {
    const tag = language();
    const forget = (): void => void this.dispatchEvent(new CustomEvent('forget', { detail: one.client_id, bubbles: true }));
    return html`<li class="message" data-mine data-status="pending">
      <p class="message-text" dir="auto">${one.text}</p>
      <p class="message-note" lang=${tag}>
        ${one.status === 'sending' ? t('Being sent…') : one.status === 'later' ? t('No connection. It is sent when there is one.') : (one.problem?.[tag] ?? '')}
        ${one.status === 'sending' ? nothing : html`<button class="link-button" @click=${forget}>${t('Take back')}</button>`}
      </p>
    </li>`;
  }

  private renderForm(): TemplateResult {
    const tag = language();
    const { audiences } = this;
    const isClosed = !audiences.includes('everyone');
    return html`<form class="chat-form" lang=${tag} @submit=${(event: SubmitEvent) => this.submit(event)}>
      ${isClosed ? html`<p class="hint">${t('The chat is closed. You can still write to the teachers.')}</p>` : nothing}
      <label class="chat-to">
        <span class="visually-hidden">${t('Who reads it')}</span>
        <select @change=${(event: Event) => (this.to = (event.target as HTMLSelectElement).value as Audience)}>
          ${audiences.map((to) => html`<option value=${to} ?selected=${to === this.to}>${t(AUDIENCES[to])}</option>`)}
        </select>
      </label>
      <div class="chat-line">
        <textarea rows="1" name="text" maxlength=${LONGEST} aria-label=${t('Your message')} placeholder=${t('Write here…')} dir="auto"
          @input=${({ target }: Event) => (this.left = LONGEST - (target as HTMLTextAreaElement).textLength)}
          @keydown=${(event: KeyboardEvent) => this.onKey(event)}></textarea>
        <button class="button" data-main type="submit">${pair('Send')}</button>
      </div>
      ${this.left < FEW_LEFT ? html`<p class="hint" role="status">${t('Characters left: %(count)s', { count: this.left })}</p>` : nothing}
    </form>`;
  }

  private onKey(event: KeyboardEvent): void {
    // Why isComposing: Enter also chooses a character in an input method for Chinese.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    (event.target as HTMLTextAreaElement).form?.requestSubmit();
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const field = this.querySelector<HTMLTextAreaElement>('textarea');
    const text = field?.value.trim() ?? '';
    if (!field || !text) return;
    field.value = '';
    this.left = LONGEST;
    this.isAtEnd = true;
    this.dispatchEvent(new CustomEvent<Said>('say', { detail: { to: this.to, text }, bubbles: true }));
  }
}
