// <tc-lesson>: the page of one lesson: first its door, then the room, then a good-bye. Everything else hangs below it.
import { html, nothing, type TemplateResult } from 'lit';
import { Track } from 'livekit-client';
import { PageElement, pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import { fetchTicket, type Ticket } from '../api.ts';
import { readPeople } from '../people.ts';
import { seatOf, type Lesson, type SeatInfo } from '../lesson.ts';
import { Session, type Chosen } from '../session.ts';
import type { StageMode } from '../stage_plan.ts';
import type { DeviceChoice } from './devices.ts';
import type { DockAction } from './dock.ts';
import type { Joining } from './prejoin.ts';
import type { SettingsElement } from './settings.ts';

const KEYS_STORE = 'tongchuang.keys';

export class LessonElement extends PageElement {
  static override properties = { mode: { state: true }, isPeopleOpen: { state: true }, hasKeys: { state: true } };
  declare mode: StageMode;
  declare isPeopleOpen: boolean;
  declare hasKeys: boolean;
  private isGuest = false;
  private lesson!: Lesson;
  private seat!: SeatInfo;
  private session: Session | undefined;
  private chosen: Chosen = {};
  private readonly voices = document.createElement('div');
  private readonly onKey = (event: KeyboardEvent): void => this.handleKey(event);

  constructor() {
    super();
    this.mode = 'tiles';
    this.isPeopleOpen = false;
    this.hasKeys = localStorage.getItem(KEYS_STORE) !== 'off';
    this.voices.hidden = true;
  }

  override connectedCallback(): void {
    this.lesson = JSON.parse(this.getAttribute('lesson') ?? '') as Lesson;
    const seat = seatOf(this.lesson, this.getAttribute('seat') ?? '');
    if (!seat) throw new Error('the page names a seat that the lesson does not have');
    this.seat = seat;
    this.isGuest = this.hasAttribute('guest');
    super.connectedCallback();
    document.body.append(this.voices);
    addEventListener('keydown', this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.voices.remove();
    removeEventListener('keydown', this.onKey);
  }

  private async join({ tracks, late, chosen }: Joining): Promise<void> {
    this.chosen = chosen;
    const { voices, isGuest } = this;
    const ticket = (): Promise<Ticket> => fetchTicket(this.seat.seat, isGuest);
    this.session = new Session({ ticket, chosen, voices, onChange: () => this.requestUpdate() });
    const joined = this.session.join(tracks);
    void late.then((more) => this.session?.bring(more));
    await joined;
    await this.updateComplete;
    this.querySelector<HTMLElement>('.stage-area')?.focus();
  }

  private get me(): { isMicrophoneOn: boolean; isCameraOn: boolean; isScreenOn: boolean } {
    const me = this.session?.room.localParticipant;
    return {
      isMicrophoneOn: me?.isMicrophoneEnabled ?? false,
      isCameraOn: me?.isCameraEnabled ?? false,
      isScreenOn: me?.getTrackPublication(Track.Source.ScreenShare) !== undefined,
    };
  }

  private handleKey(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLElement && event.target.closest('input, select, textarea, dialog, [contenteditable]');
    if (!this.hasKeys || isTyping || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = ({ m: 'microphone', v: 'camera' } as const)[event.key.toLowerCase() as 'm' | 'v'];
    if (action && this.session?.phase === 'live') void this.act(action);
  }

  private async act(action: DockAction): Promise<void> {
    const { session, me } = this;
    if (!session) return;
    switch (action) {
      case 'microphone':
        return session.setMicrophone(!me.isMicrophoneOn);
      case 'camera':
        return session.setCamera(!me.isCameraOn);
      case 'screen':
        return session.setScreen(!me.isScreenOn);
      case 'leave':
        return session.leave();
      case 'mode':
        this.mode = this.mode === 'tiles' ? 'speaker' : 'tiles';
        return;
      case 'people':
        this.isPeopleOpen = !this.isPeopleOpen;
        return;
      case 'settings':
        this.querySelector<SettingsElement>('tc-settings')?.open();
    }
  }

  private choose({ kind, device }: DeviceChoice): void {
    this.chosen = { ...this.chosen, [kind]: device };
    void this.session?.setDevice(kind, device);
    this.requestUpdate();
  }

  private setKeys(isOn: boolean): void {
    this.hasKeys = isOn;
    localStorage.setItem(KEYS_STORE, isOn ? 'on' : 'off');
  }

  protected override render(): TemplateResult {
    const { session } = this;
    if (!session) return this.renderDoor();
    return session.phase === 'left' ? this.renderGoodbye() : this.renderRoom(session);
  }

  private renderHeader(isDoor: boolean): TemplateResult {
    return html`<header class="top"><tc-header .lesson=${this.lesson} .seat=${this.seat} .isDoor=${isDoor}></tc-header></header>`;
  }

  private renderDoor(): TemplateResult {
    const onJoin = ({ detail }: CustomEvent<Joining>): void => void this.join(detail);
    return html`${this.renderHeader(true)}
      <main class="door-page"><tc-prejoin .lesson=${this.lesson} .seat=${this.seat} @join=${onJoin}></tc-prejoin></main>`;
  }

  private renderRoom(session: Session): TemplateResult {
    const people = readPeople(session.room, this.lesson);
    const me = people.find((person) => person.isMe);
    const rejoin = (): void => void session.rejoin(this.me);
    return html`<div class="room" ?data-people=${this.isPeopleOpen}>
      ${this.renderHeader(false)}
      <main class="stage-area" tabindex="-1" aria-label=${t('Stage')} @rejoin=${rejoin} @unlock-audio=${() => session.unlockAudio()}>
        <tc-banner
          .phase=${session.phase}
          .trouble=${session.trouble}
          .remark=${session.remark}
          .quality=${me?.quality ?? 'unknown'}
          .isAudioLocked=${!session.room.canPlaybackAudio}
        ></tc-banner>
        <tc-stage .people=${people} .lesson=${this.lesson} .mode=${this.mode} .lastSpeaker=${session.lastSpeaker}></tc-stage>
      </main>
      <aside class="rail" id="rail" tabindex="0" aria-label=${t('People')}><tc-people class="card" .people=${people}></tc-people>${this.hasKeys ? KEYS_CARD() : nothing}</aside>
      <footer class="dock" @act=${({ detail }: CustomEvent<DockAction>) => this.act(detail)}>
        <tc-dock
          role="group"
          aria-label=${t('Controls')}
          .isMicrophoneOn=${this.me.isMicrophoneOn}
          .isCameraOn=${this.me.isCameraOn}
          .isScreenOn=${this.me.isScreenOn}
          .isPeopleOpen=${this.isPeopleOpen}
          .mode=${this.mode}
          .isLive=${session.phase === 'live' || session.phase === 'back'}
        ></tc-dock>
      </footer>
      <tc-settings
        .chosen=${this.chosen}
        .isLowData=${session.isLowData}
        .hasKeys=${this.hasKeys}
        @choose=${({ detail }: CustomEvent<DeviceChoice>) => this.choose(detail)}
        @low-data=${({ detail }: CustomEvent<boolean>) => session.setLowData(detail)}
        @keys=${({ detail }: CustomEvent<boolean>) => this.setKeys(detail)}
      ></tc-settings>
    </div>`;
  }

  private renderGoodbye(): TemplateResult {
    const seat = this.seat.seat;
    return html`${this.renderHeader(true)}
      <main class="goodbye">
        <h1>${pair('You left the lesson.')}</h1>
        <p class="hint" lang=${language()}>${t('Camera and microphone are off.')}</p>
        <p class="row">
          <a class="button" data-main href="/demo/lesson?seat=${seat}${this.isGuest ? '&guest=1' : ''}">${pair('Join again')}</a>
          <a class="button" href="/">${pair('Home page')}</a>
        </p>
      </main>`;
  }
}

const KEYS_CARD = (): TemplateResult => html`<section class="card keys">
  <h2 class="card-title">${pair('Keys')}</h2>
  <p lang=${language()}><kbd>M</kbd> ${t('microphone')} · <kbd>V</kbd> ${t('camera')}</p>
</section>`;
