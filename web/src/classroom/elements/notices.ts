// <tc-notices>: what the whole lesson has to know now: the grace of a missing teacher, the bell, the state of the lesson, passing remarks.
// The most urgent stands first; a phone shows that one line, and the others when asked for them.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import { bellAt, secondsUntil } from '../bell.ts';
import type { Link } from '../client.ts';
import type { Toast } from '../room.ts';
import { ClassPart } from './part.ts';

const TICK_MS = 1000;
interface Line {
  readonly key: string | number;
  readonly tone: Toast['tone'];
  readonly line: TemplateResult | typeof nothing;
}
const URGENCY: readonly Toast['tone'][] = ['bad', 'sun', 'calm', 'quiet', 'unseen'];

export class NoticesElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, link: { attribute: false }, toasts: { attribute: false }, now: { state: true }, isBellHeard: { state: true }, isOpen: { state: true } };
  declare link: Link;
  declare toasts: readonly Toast[];
  declare now: number;
  /** The viewer put the warning away; the overrun is said once more. */
  declare isBellHeard: 'soon' | 'over' | undefined;
  /** On a phone: all lines, not only the first. */
  declare isOpen: boolean;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.now = Date.now();
    this.toasts = [];
    this.isOpen = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(() => (this.now = Date.now()), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  protected override render(): TemplateResult {
    const grace = this.renderGrace();
    const toasts = this.toasts.map((toast): Line => ({ key: toast.id, tone: toast.tone, line: this.renderToast(toast) }));
    const lines = [...this.lasting(), ...toasts.toReversed()].toSorted((one, two) => URGENCY.indexOf(one.tone) - URGENCY.indexOf(two.tone));
    const more = lines.filter(({ tone }) => tone !== 'unseen').length - (grace === nothing ? 1 : 0);
    this.toggleAttribute('data-open', this.isOpen && more > 0);
    return html`<div role="alert">${grace}</div>
      <div role="status" aria-live="polite">${repeat(lines, ({ key }) => key, ({ line }) => line)}</div>
      ${more > 0
        ? html`<button class="button button-small notices-more" lang=${language()} aria-expanded=${this.isOpen ? 'true' : 'false'} @click=${() => (this.isOpen = !this.isOpen)}>
            ${this.isOpen ? t('Less') : t('%(count)s more', { count: more })}
          </button>`
        : nothing}`;
  }

  private lasting(): readonly Line[] {
    const lines = [
      { key: 'link', tone: 'sun', line: this.renderLink() },
      { key: 'bell', tone: 'sun', line: this.renderBell() },
      { key: 'lesson', tone: 'calm', line: this.renderLesson() },
    ] as const;
    return lines.filter(({ line }) => line !== nothing);
  }

  private line(tone: string, says: string, more: TemplateResult | typeof nothing = nothing): TemplateResult {
    return html`<div class="banner" data-tone=${tone} lang=${language()}><span>${says}</span>${more}</div>`;
  }

  private renderLink(): TemplateResult | typeof nothing {
    return this.link === 'online' ? nothing : this.line('sun', t('Chat and hands are being connected again. Sound and picture go on.'));
  }

  private renderLesson(): TemplateResult | typeof nothing {
    const { lesson, you } = this.state;
    if (lesson.state === 'live') return nothing;
    if (!you.is_teacher) return this.line('calm', t('The lesson has not begun yet.'));
    const start = html`<button class="button" data-main data-action="start" @click=${() => this.send('start', {})}>${pair('Start the lesson')}</button>`;
    return this.line('calm', t('The room is open. Start the lesson when you are ready.'), start);
  }

  private renderBell(): TemplateResult | typeof nothing {
    const { lesson, you } = this.state;
    const bell = lesson.state === 'live' ? bellAt(lesson.ends_at, this.now) : undefined;
    if (!bell || !you.is_teacher || this.isBellHeard === bell.kind) return nothing;
    const { minutes } = bell;
    const says = bell.kind === 'soon' ? t('The bell rings in %(minutes)s min.', { minutes }) : t('The planned time is over by %(minutes)s min. The lesson goes on until you end it.', { minutes });
    return this.line('sun', says, html`<button class="button button-small" @click=${() => (this.isBellHeard = bell.kind)}>${pair('OK')}</button>`);
  }

  /** The seconds stand outside what is read aloud: a screen reader would speak every one of them. */
  private renderGrace(): TemplateResult | typeof nothing {
    const { grace_ends_at, you } = this.state;
    if (!grace_ends_at) return nothing;
    const says = you.is_teacher ? t('Not enough teachers are in the room. Pupils go back to the lobby soon.') : t('No teacher is in the room. You go back to the lobby soon if none returns.');
    return this.line('bad', says, html`<span class="grace-seconds" aria-hidden="true">${secondsUntil(grace_ends_at, this.now)} s</span>`);
  }

  private renderToast(toast: Toast): TemplateResult {
    const dismiss = (): void => void this.dispatchEvent(new CustomEvent<number>('dismiss', { detail: toast.id, bubbles: true }));
    return this.line(toast.tone, toast.says(), html`<button class="button button-small" @click=${dismiss}>${pair('OK')}</button>`);
  }
}
