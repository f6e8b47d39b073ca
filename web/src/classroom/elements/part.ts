// The base of the classroom's elements: each gets the whole state and asks for things by events that bubble to <tc-classroom>.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { PageElement } from '../../i18n/element.ts';
import { isolated, language, m, otherLanguage, t, type Bilingual } from '../../i18n/language.ts';
import { sideMark } from '../../ui/side.ts';
import { sideOf } from '../people.ts';
import type { ClassState, CommandName, Commands, Role, SideKey } from '../protocol.ts';

export interface CommandWish {
  readonly name: CommandName;
  readonly payload: unknown;
}

/** Things that concern this page only. */
export type PageWish =
  | { readonly open: 'person'; readonly person: string }
  | { readonly open: 'report'; readonly about?: string; readonly name?: Bilingual }
  | { readonly open: 'tools' | 'end' };

export abstract class ClassPart extends PageElement {
  static override properties: PropertyDeclarations = { state: { attribute: false } };
  declare state: ClassState;

  protected send<Name extends CommandName>(name: Name, payload: Commands[Name]): void {
    this.dispatchEvent(new CustomEvent<CommandWish>('command', { detail: { name, payload }, bubbles: true }));
  }

  protected wish(detail: PageWish): void {
    this.dispatchEvent(new CustomEvent<PageWish>('wish', { detail, bubbles: true }));
  }

  protected markOf(side: SideKey): TemplateResult | typeof nothing {
    return sideMark(sideOf(this.state.lesson, side)?.side);
  }
}

export const ROLE_NAMES: Readonly<Record<Role, string>> = {
  lead: m('Lead teacher'),
  substitute: m('Substitute teacher'),
  co_teacher: m('Co-teacher'),
  pupil: m('Pupil'),
  screen: m('Big screen'),
};

/** A name in the viewer's language first; what it does to the writing direction stays inside. */
export function nameOf(name: Bilingual): TemplateResult {
  const [first, second] = [name[language()], name[otherLanguage()]];
  return html`<bdi class="name" lang=${language()}>${first}</bdi>${second === first ? nothing : html` <bdi class="name name-other" lang=${otherLanguage()}>${second}</bdi>`}`;
}

/** Says to who does not see the place of a button what it is about. */
export const unseen = (name: string): TemplateResult => html`<span class="visually-hidden"> ${isolated(name)}</span>`;

export const words = (message: string): TemplateResult => html`<span lang=${language()}>${t(message)}</span>`;
