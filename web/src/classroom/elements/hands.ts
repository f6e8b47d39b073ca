// <tc-hands>: raised hands in their order; teachers ask to speak and lower them.
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import { memberOf } from '../store.ts';
import { ClassPart, nameOf, unseen } from './part.ts';

export class HandsElement extends ClassPart {
  protected override render(): TemplateResult {
    const { hands, you } = this.state;
    return html`<section class="card" aria-labelledby="hands-title" tabindex=${you.is_teacher ? nothing : 0}>
      <div class="card-head">
        <h2 class="card-title" id="hands-title">${pair('Hands up')} ${hands.length > 0 ? html`<span class="count">${hands.length}</span>` : nothing}</h2>
        ${you.is_teacher && hands.length > 1
          ? html`<button class="button button-small" @click=${() => this.send('hands_clear', {})}>${pair('Lower all')}</button>`
          : nothing}
      </div>
      ${hands.length === 0 ? html`<p class="hint" lang=${language()}>${t('Nobody has a hand up.')}</p>` : nothing}
      <ol class="hands">
        ${repeat(hands, (person) => person, (person, index) => this.renderHand(person, index + 1))}
      </ol>
    </section>`;
  }

  private renderHand(person: string, place: number): TemplateResult | typeof nothing {
    const member = memberOf(this.state, person);
    if (!member) return nothing;
    const isMe = person === this.state.you.person;
    const isAway = member.status === 'away';
    const name = member.name[language()];
    return html`<li class="hand" ?data-mine=${isMe} ?data-away=${isAway}>
      <span class="hand-place" aria-hidden="true">${place}</span>
      <span class="hand-name">${this.markOf(member.side)} ${nameOf(member.name)}${isMe ? html` <span class="muted" lang=${language()}>${t('(you)')}</span>` : nothing}${isAway ? html` <span class="muted" lang=${language()}>· ${t('Away')}</span>` : nothing}</span>
      ${this.state.you.is_teacher && !isMe
        ? html`<span class="row hand-tools">
            ${member.is_companion || isAway
              ? nothing
              : html`<button class="button button-small" @click=${() => this.send('ask_unmute', { person, source: 'microphone' })}>${pair('Ask to speak')}${unseen(name)}</button>`}
            <button class="button button-small" @click=${() => this.send('hand_lower', { person })}>${pair('Lower')}${unseen(name)}</button>
          </span>`
        : nothing}
    </li>`;
  }
}
