// <tc-roster>: everybody of the class, school by school, with what they do in words; teachers open somebody's tools from here.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { pair, pairOf } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import type { Media } from '../../lesson/people.ts';
import { QUALITY_WORDS } from '../../lesson/elements/people.ts';
import type { LessonSide, Member } from '../protocol.ts';
import { handPlace, membersOfSide } from '../store.ts';
import { ClassPart, nameOf, ROLE_NAMES, unseen } from './part.ts';

export class RosterElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, media: { attribute: false } };
  /** Who is in the media room, and how. */
  declare media: ReadonlyMap<string, Media>;

  protected override render(): TemplateResult {
    const { people, lesson } = this.state;
    const here = people.filter((member) => member.status === 'admitted').length;
    return html`<section class="card roster" aria-labelledby="roster-title">
      <h2 class="card-title" id="roster-title">${pair('People')} <span class="count">${here}</span></h2>
      ${lesson.sides.map((side) => this.renderSide(side))}
    </section>`;
  }

  private renderSide(side: LessonSide): TemplateResult {
    const members = membersOfSide(this.state, side.key);
    return html`<h3 class="people-side" data-side=${side.side}>${this.markOf(side.key)}${pairOf(side.school)} <span class="count">${members.length}</span></h3>
      ${members.length === 0 ? html`<p class="hint" lang=${language()}>${t('Nobody is here yet.')}</p>` : nothing}
      <ul class="people">
        ${repeat(members, (member) => member.person, (member) => this.renderMember(member))}
      </ul>`;
  }

  private renderMember(member: Member): TemplateResult {
    const { you } = this.state;
    const tag = language();
    const isMe = member.person === you.person;
    const media = this.media.get(member.person);
    const isWeak = media?.quality === 'poor' || media?.quality === 'lost';
    return html`<li class="person" data-person=${member.person} data-quality=${media?.quality ?? 'unknown'} data-status=${member.status}>
      <div class="person-who">
        <p class="person-name">${nameOf(member.name)}${isMe ? html` <span class="muted" lang=${tag}>${t('(you)')}</span>` : nothing}</p>
        <p class="person-state" lang=${tag}>${this.stateOf(member, media).join(' · ')}</p>
        ${isWeak ? html`<p class="person-quality" lang=${tag}>${t(QUALITY_WORDS[media.quality])}</p>` : nothing}
      </div>
      ${isMe
        ? nothing
        : html`<button class="button button-small" aria-haspopup="dialog"
            @click=${() => this.wish(you.is_teacher ? { open: 'person', person: member.person } : { open: 'report', about: member.person, name: member.name })}>
            ${you.is_teacher ? pair('Tools') : pair('Report it')}${unseen(member.name[tag])}
          </button>`}
    </li>`;
  }

  private stateOf(member: Member, media: Media | undefined): readonly string[] {
    const place = handPlace(this.state, member.person);
    return [
      ...(member.role === 'pupil' ? [] : [t(ROLE_NAMES[member.role])]),
      ...(place > 0 ? [t('Hand up, number %(place)s', { place })] : []),
      ...(member.status === 'away' ? [t('Away')] : []),
      ...(member.is_companion ? [t('Silent companion')] : []),
      ...(media && !member.is_companion ? [media.isMicrophoneOn ? t('Mic on') : t('Mic off'), media.isCameraOn ? t('Camera on') : t('Camera off')] : []),
      ...(media?.isScreenOn ? [t('Sharing the screen')] : []),
    ];
  }
}
