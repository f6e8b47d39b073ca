// <tc-gone>: the end for this viewer, and why: left, ended, removed, refused, moved to another device.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { PageElement, pair, pairOf } from '../../i18n/element.ts';
import { language, m, other, otherLanguage, t } from '../../i18n/language.ts';
import type { GoneWhy, RefusalBody } from '../protocol.ts';

export type Ending = GoneWhy | 'left' | { readonly refusal: RefusalBody };

interface Words {
  readonly title: string;
  readonly more: string;
  /** One may try again: through the lobby, or simply by coming back. */
  readonly again?: string;
}

const WORDS: Readonly<Record<GoneWhy | 'left', Words>> = {
  left: { title: m('You left the lesson.'), more: m('Camera and microphone are off.'), again: m('Join again') },
  ended: { title: m('The lesson is over.'), more: m('Thank you for coming. Camera and microphone are off.') },
  cancelled: { title: m('The lesson was cancelled.'), more: m('Your teachers will tell you when the next one is.') },
  removed: { title: m('A teacher took you out of the lesson.'), more: m('Talk to your teacher. You can ask to come back: you wait in the lobby until a teacher lets you in.'), again: m('Wait in the lobby') },
  refused: { title: m('A teacher did not let you in.'), more: m('Talk to your teacher. You can ask again: you wait in the lobby until a teacher lets you in.'), again: m('Wait in the lobby') },
  opened_elsewhere: { title: m('The lesson was opened in another window.'), more: m('One window at a time. You can take it back here.'), again: m('Go on here') },
  seat_moved: { title: m('You go on with another device.'), more: m('A teacher let your other device in. This one is finished.') },
  card_ended: { title: m('This card does not work any more.'), more: m('Your class has new cards. Ask your teacher for yours.') },
  not_yours: { title: m('You are not part of this lesson any more.'), more: m('Ask the teacher who leads it.') },
};

export class GoneElement extends PageElement {
  static override properties: PropertyDeclarations = { ending: { attribute: false }, isAdult: { attribute: false }, lessonId: { attribute: false } };
  declare ending: Ending;
  declare isAdult: boolean;
  declare lessonId: string;

  protected override render(): TemplateResult {
    const home = this.isAdult
      ? html`<a class="button" href="/lessons/${this.lessonId}">${pair('To the lesson page')}</a>`
      : html`<a class="button" href="/join">${pair('Enter another code')}</a>`;
    if (typeof this.ending === 'object') {
      return html`<h1>${pairOf(this.ending.refusal.titles)}</h1>
        <p class="row"><button class="button" data-main @click=${() => location.reload()}>${pair('Try again')}</button>${home}</p>`;
    }
    const { title, more, again } = WORDS[this.ending];
    return html`<h1>${pair(title)}</h1>
      <p lang=${language()}>${t(more)}</p>
      <p class="hint" lang=${otherLanguage()}>${other(more)}</p>
      <p class="row">
        ${again ? html`<button class="button" data-main data-action="again" @click=${() => location.reload()}>${pair(again)}</button>` : nothing} ${home}
      </p>`;
  }
}
