// <tc-reactions>: six short answers to choose from, and those of the others as they pass by, with names and words.
import { html, nothing, svg, type PropertyDeclarations, type SVGTemplateResult, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, m, t } from '../../i18n/language.ts';
import type { ReactionKind } from '../protocol.ts';
import type { Shown } from '../room.ts';
import { memberOf } from '../store.ts';
import { ClassPart } from './part.ts';

const FACE = svg`<circle class="sun" cx="12" cy="12" r="10" /><circle cx="8.5" cy="9.5" r="1.4" /><circle cx="15.5" cy="9.5" r="1.4" />`;

/** Drawn here, because not every school computer has a font with such signs. */
const KINDS: readonly { readonly kind: ReactionKind; readonly sign: SVGTemplateResult; readonly word: string }[] = [
  { kind: 'clap', sign: svg`<rect class="sun" x="4" y="8" width="7.5" height="14" rx="3.7" transform="rotate(-24 8 15)" /><rect class="sun" x="11.5" y="7" width="7.5" height="14" rx="3.7" transform="rotate(16 15 14)" /><path class="line" d="M9 2v3M13 1v3.4M17 2.2 16 5" />`, word: m('Clap') },
  { kind: 'heart', sign: svg`<path class="persimmon" d="M12 21C5 15.5 2 12 2 8a5 5 0 0 1 10-1.6A5 5 0 0 1 22 8c0 4-3 7.5-10 13Z" />`, word: m('I like it') },
  { kind: 'laugh', sign: svg`${FACE}<path d="M6.5 13h11a5.5 5.5 0 0 1-11 0Z" />`, word: m('Funny') },
  { kind: 'yes', sign: svg`<circle class="teal" cx="12" cy="12" r="10" /><path class="line light" d="m7 12.5 3.5 3.5L17 8.5" />`, word: m('Agree') },
  { kind: 'no', sign: svg`<rect class="persimmon" x="2" y="2" width="20" height="20" rx="4" /><path class="line light" d="m8 8 8 8M16 8l-8 8" />`, word: m('Disagree') },
  { kind: 'wow', sign: svg`${FACE}<circle cx="12" cy="16" r="2.8" />`, word: m('Wow') },
];

const drawn = (sign: SVGTemplateResult): TemplateResult => html`<svg class="reaction-sign" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">${sign}</svg>`;

export class ReactionsElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, shown: { attribute: false }, isChoosing: { attribute: false } };
  declare shown: readonly Shown[];
  declare isChoosing: boolean;

  protected override render(): TemplateResult {
    return html`<ul class="reactions" aria-live="off">
        ${repeat(this.shown, (one) => one.id, (one) => this.renderShown(one))}
      </ul>
      <div class="reaction-choice" role="group" aria-label=${t('Reactions')} ?hidden=${!this.isChoosing}>
        ${KINDS.map(({ kind, sign, word }) => html`<button class="button reaction-button" data-kind=${kind} @click=${() => this.send('react', { kind })}>${drawn(sign)}<span>${pair(word)}</span></button>`)}
      </div>`;
  }

  private renderShown(one: Shown): TemplateResult {
    const known = KINDS.find(({ kind }) => kind === one.kind);
    const name = memberOf(this.state, one.person)?.name;
    return html`<li class="reaction">${known ? drawn(known.sign) : nothing} <bdi lang=${language()}>${name?.[language()] ?? ''}</bdi> <span lang=${language()}>${known ? t(known.word) : ''}</span></li>`;
  }
}
