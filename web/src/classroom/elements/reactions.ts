// <tc-reactions>: six short answers to choose from, and those of the others as they pass by, with names and words.
import { html, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair } from '../../i18n/element.ts';
import { language, m, t } from '../../i18n/language.ts';
import type { ReactionKind } from '../protocol.ts';
import type { Shown } from '../room.ts';
import { memberOf } from '../store.ts';
import { ClassPart } from './part.ts';

const KINDS: readonly { readonly kind: ReactionKind; readonly sign: string; readonly word: string }[] = [
  { kind: 'clap', sign: '👏', word: m('Clap') },
  { kind: 'heart', sign: '❤️', word: m('I like it') },
  { kind: 'laugh', sign: '😄', word: m('Funny') },
  { kind: 'yes', sign: '✔', word: m('Yes') },
  { kind: 'no', sign: '✘', word: m('No') },
  { kind: 'wow', sign: '😮', word: m('Wow') },
];

export class ReactionsElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, shown: { attribute: false }, isChoosing: { attribute: false } };
  declare shown: readonly Shown[];
  declare isChoosing: boolean;

  protected override render(): TemplateResult {
    return html`<ul class="reactions" aria-live="off">
        ${repeat(this.shown, (one) => one.id, (one) => this.renderShown(one))}
      </ul>
      <div class="reaction-choice" role="group" aria-label=${t('Reactions')} ?hidden=${!this.isChoosing}>
        ${KINDS.map(({ kind, sign, word }) => html`<button class="button reaction-button" data-kind=${kind} @click=${() => this.send('react', { kind })}><span class="reaction-sign" aria-hidden="true">${sign}</span><span>${pair(word)}</span></button>`)}
      </div>`;
  }

  private renderShown(one: Shown): TemplateResult {
    const known = KINDS.find(({ kind }) => kind === one.kind);
    const name = memberOf(this.state, one.person)?.name;
    return html`<li class="reaction"><span class="reaction-sign" aria-hidden="true">${known?.sign}</span> <bdi lang=${language()}>${name?.[language()] ?? ''}</bdi> <span lang=${language()}>${known ? t(known.word) : ''}</span></li>`;
  }
}
