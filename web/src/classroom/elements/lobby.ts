// <tc-lobby>: who you are, why you wait and what happens next. Nobody sees or hears anybody here.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { LocalTrack } from 'livekit-client';
import { Track } from 'livekit-client';
import { pair, pairOf } from '../../i18n/element.ts';
import { inBoth, isolated, language, m, other, otherLanguage, t } from '../../i18n/language.ts';
import { clockFace } from '../../lesson/clock.ts';
import { sideMark } from '../../ui/side.ts';
import type { Link } from '../client.ts';
import { sideOf } from '../people.ts';
import type { LobbyNote } from '../protocol.ts';
import { ClassPart } from './part.ts';

const NOTES: Readonly<Record<LobbyNote, string>> = {
  waiting: m('Your teachers see that you are here. One of them lets you in.'),
  not_open: m('You are early. The lesson has not begun yet; stay on this page.'),
  second_device: m('Your card is open on another device. Your teachers were told and can let you in here instead.'),
  locked: m('The lesson is locked. A teacher can let you in when it is opened again.'),
  adult_needed: m('No teacher is in the room yet. Nobody goes in before one is there.'),
  returned: m('No teacher was left in the room, so everybody waits here. You go on as soon as a teacher is back and lets you in.'),
  removed: m('A teacher took you out of the lesson. You come back when a teacher lets you in again.'),
  refused: m('A teacher did not let you in just now. Wait here, or talk to your teacher.'),
};
const SERIOUS: readonly LobbyNote[] = ['second_device', 'returned', 'removed', 'refused'];

export class LobbyElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, tracks: { attribute: false }, link: { attribute: false } };
  declare tracks: readonly LocalTrack[];
  declare link: Link;

  protected override updated(): void {
    const video = this.querySelector('video');
    const camera = this.tracks.find((track) => track.kind === Track.Kind.Video);
    if (video && camera && !camera.attachedElements.includes(video)) camera.attach(video);
  }

  protected override render(): TemplateResult {
    const { you, lesson, lobby_note } = this.state;
    const tag = language();
    const note = lobby_note ?? 'waiting';
    const side = sideOf(lesson, you.side);
    const camera = this.tracks.some((track) => track.kind === Track.Kind.Video);
    const microphone = this.tracks.some((track) => track.kind === Track.Kind.Audio);
    return html`<section class="lobby" aria-labelledby="lobby-title">
      <div class="lobby-main">
        <p class="side-label" data-side=${side?.side ?? ''}>${sideMark(side?.side)}<span lang=${tag}>${side?.school[tag]}</span></p>
        <h1 class="door-title" id="lobby-title">${pair('You are in the lobby')}</h1>
        <p class="lobby-who"><bdi lang=${tag}>${you.name[tag]}</bdi> <span class="muted">${side ? inBoth(side.class_group).first : ''}</span></p>
        <div class="banner" data-tone=${SERIOUS.includes(note) ? 'sun' : 'calm'} role="status" lang=${tag}>
          <span>${t(NOTES[note])}<small class="lobby-other" lang=${otherLanguage()}>${other(NOTES[note])}</small></span>
        </div>
        ${this.link === 'online' ? nothing : html`<p class="banner" data-tone="sun" role="status" lang=${tag}>${t('The connection was interrupted. Restoring it…')}</p>`}
        <h2 class="field-label lobby-next" lang=${tag}>${t('What happens next')}</h2>
        <ol class="ticket-steps">
          <li>${pair('Wait here. Nobody sees or hears you.')}</li>
          <li>${pair('A teacher lets you in.')}</li>
          <li>${pair('You are in the room at once. You need not press anything.')}</li>
        </ol>
      </div>
      <aside class="lobby-side">
        <div class="card">
          <h2 class="card-title">${pairOf(lesson.title)}</h2>
          <dl class="lobby-times">
            ${lesson.sides.map((one) => {
              const start = clockFace(one.side, one.zone, new Date(lesson.starts_at));
              return html`<div><dt data-side=${one.side}>${sideMark(one.side)} <span lang=${tag}>${one.place[tag]}</span></dt><dd>${t('begins %(time)s', { time: isolated(`${start.time} ${start.weekday}`) })}</dd></div>`;
            })}
          </dl>
        </div>
        <div class="lobby-preview">
          <video ?hidden=${!camera} data-mirrored autoplay playsinline .muted=${true} aria-hidden="true"></video>
          ${camera ? nothing : html`<p class="preview-empty" lang=${tag}>${t('Camera off')}</p>`}
        </div>
        <p class="hint" lang=${tag}>${this.isBare ? t('You take part without camera and microphone.') : `${microphone ? t('Your microphone is ready.') : t('Microphone off')} · ${camera ? t('Your camera is ready.') : t('Camera off')}`}</p>
      </aside>
    </section>`;
  }

  private get isBare(): boolean {
    return this.tracks.length === 0;
  }
}
