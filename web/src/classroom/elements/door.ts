// <tc-class-door>: one's own devices before the lobby; a silent companion has none to check.
import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import { PageElement, pair, pairOf } from '../../i18n/element.ts';
import { isolated, language, m, t, type Bilingual } from '../../i18n/language.ts';
import type { Lesson, SeatInfo } from '../../lesson/lesson.ts';
import type { Joining } from '../../lesson/elements/prejoin.ts';
import { sideLabel } from '../../ui/side.ts';

export const NEXT_FOR_PUPILS = m('Next you wait in the lobby until a teacher lets you in.');
export const NEXT_FOR_SCREEN = m('This device becomes the eyes and ears of the whole class: one camera, one microphone, loudspeakers on.');
const NO_DEVICES: Joining = { tracks: [], late: Promise.resolve([]), chosen: {} };

export class DoorElement extends PageElement {
  static override properties: PropertyDeclarations = {
    lesson: { attribute: false },
    seat: { attribute: false },
    isCompanion: { attribute: false },
    next: { attribute: false },
  };
  declare lesson: Lesson;
  declare seat: SeatInfo;
  declare isCompanion: boolean;
  declare next: string;

  protected override render(): TemplateResult {
    if (!this.isCompanion) return html`<tc-prejoin .lesson=${this.lesson} .seat=${this.seat} .next=${this.next}></tc-prejoin>`;
    return this.renderCompanion(this.lesson.title, this.seat);
  }

  private renderCompanion(title: Bilingual, seat: SeatInfo): TemplateResult {
    const tag = language();
    return html`<section class="companion-door" aria-labelledby="door-title">
      <p>${sideLabel(seat.side)}</p>
      <h1 id="door-title" class="door-title">${pairOf(title)}</h1>
      <p class="door-who" lang=${tag}>${t('You sit as %(name)s, %(place)s.', { name: isolated(seat.name[tag]), place: seat.place[tag] })}</p>
      <div class="card">
        <h2 class="card-title">${pair('Your class shares one camera')}</h2>
        <p lang=${tag}>${t('The big screen in your classroom sees and hears for everybody. Here you have the chat, your hand, reactions and the words, without camera and sound.')}</p>
      </div>
      <button class="button join" data-main @click=${() => this.join()}>${pair('Join the lesson')}</button>
      <p class="hint" lang=${tag}>${t(this.next)}</p>
    </section>`;
  }

  private join(): void {
    this.dispatchEvent(new CustomEvent<Joining>('join', { detail: NO_DEVICES, bubbles: true }));
  }
}
