// <tc-classroom>: the page of one lesson from the door through the lobby and the room to the end. Everything else hangs below it.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { PageElement, pair } from '../../i18n/element.ts';
import { language, m, t, type Bilingual } from '../../i18n/language.ts';
import type { DeviceChoice } from '../../lesson/elements/devices.ts';
import type { Joining } from '../../lesson/elements/prejoin.ts';
import type { SettingsElement } from '../../lesson/elements/settings.ts';
import type { Lesson, SeatInfo } from '../../lesson/lesson.ts';
import type { StageMode } from '../../lesson/stage_plan.ts';
import { asLesson, asSeat, mediaOf, stagePeople } from '../people.ts';
import type { ClassLesson, ClassState, CommandName, Commands, Role, SideKey } from '../protocol.ts';
import { ClassRoom } from '../room.ts';
import { companionReception, receptionOf, type ClassStagePlan } from '../stage.ts';
import { handPlace } from '../store.ts';
import type { EndElement } from './asked.ts';
import type { Said } from './chat.ts';
import type { ClassAction, SheetTab } from './dock.ts';
import { NEXT_FOR_PUPILS, NEXT_FOR_SCREEN } from './door.ts';
import type { Ending } from './gone.ts';
import { Keys } from './keys.ts';
import type { CommandWish, PageWish } from './part.ts';
import type { PersonElement } from './person.ts';
import type { ReportElement } from './report.ts';
import type { ToolsElement } from './tools.ts';

const KEYS_STORE = 'tongchuang.keys';

interface Me {
  readonly person: string;
  readonly name: Bilingual;
  readonly side: SideKey;
  readonly role: Role;
  readonly is_teacher: boolean;
}

export class ClassroomElement extends PageElement {
  static override properties: PropertyDeclarations = {
    mode: { state: true },
    sheet: { state: true },
    hasKeys: { state: true },
    isPushToTalk: { state: true },
    isReacting: { state: true },
    hasMore: { state: true },
    hears: { state: true },
    sees: { state: true },
  };
  declare mode: StageMode;
  /** What the rail shows; on small screens whether it is open at all. */
  declare sheet: SheetTab | undefined;
  declare hasKeys: boolean;
  declare isPushToTalk: boolean;
  declare isReacting: boolean;
  declare hasMore: boolean;
  declare hears: boolean;
  declare sees: boolean;
  private tab: SheetTab = 'class';
  private lesson!: ClassLesson;
  private me!: Me;
  private screen: SideKey | undefined;
  private isCompanion = false;
  private room: ClassRoom | undefined;
  private plan: ClassStagePlan | undefined;
  private readonly voices = document.createElement('div');
  private readonly keys = new Keys(
    () => (this.view === 'room' && this.room ? { hasKeys: this.hasKeys, isPushToTalk: this.isPushToTalk && !this.room.state?.you.is_companion } : undefined),
    (action) => void this.act(action),
  );

  constructor() {
    super();
    this.mode = 'tiles';
    this.hasKeys = localStorage.getItem(KEYS_STORE) !== 'off';
    this.isPushToTalk = this.isReacting = this.hasMore = this.hears = this.sees = false;
    this.voices.hidden = true;
  }

  override connectedCallback(): void {
    this.lesson = JSON.parse(this.getAttribute('lesson') ?? '') as ClassLesson;
    this.me = JSON.parse(this.getAttribute('me') ?? '') as Me;
    const screen = this.getAttribute('screen');
    this.screen = screen === 'a' || screen === 'b' ? screen : undefined;
    const mode = this.lesson.sides.find((side) => side.key === this.me.side)?.mode;
    this.isCompanion = !this.screen && (this.hasAttribute('companion') || (this.me.role === 'pupil' && mode === 'class_to_class'));
    super.connectedCallback();
    document.body.append(this.voices);
    this.keys.listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.voices.remove();
    this.keys.stop();
  }

  private enter(joining: Joining): void {
    const { voices, isCompanion, screen } = this;
    this.room = new ClassRoom({ lessonId: this.lesson.id, isCompanion, screen, voices, onChange: () => this.requestUpdate() });
    this.room.enter(joining);
    this.requestUpdate();
  }

  protected override updated(): void {
    const view = this.view;
    if (this.dataset['view'] === view) return;
    this.dataset['view'] = view;
    // Who reads with the keyboard or by ear is taken along: to the heading of what is there now, or to the stage.
    if (view !== 'door') this.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
  }

  private get view(): 'door' | 'connecting' | 'lobby' | 'room' | 'gone' {
    const { room } = this;
    if (!room) return 'door';
    if (this.ending) return 'gone';
    if (!room.state) return 'connecting';
    return room.state.you.status === 'admitted' ? 'room' : 'lobby';
  }

  private get ending(): Ending | undefined {
    const { client, hasLeft } = this.room ?? {};
    if (hasLeft) return 'left';
    return client?.gone ?? (client?.refusal ? { refusal: client.refusal } : undefined);
  }

  private async act(action: ClassAction): Promise<void> {
    const { room } = this;
    const state = room?.state;
    if (!room || !state) return;
    const me = room.isLive ? room.session?.room.localParticipant : undefined;
    switch (action) {
      case 'microphone':
        if (me && (state.you.allowed.microphone || me.isMicrophoneEnabled)) await room.setMicrophone(!me.isMicrophoneEnabled);
        return;
      case 'camera':
        if (me && (state.you.allowed.camera || me.isCameraEnabled)) await room.setCamera(!me.isCameraEnabled);
        return;
      case 'talk':
      case 'hush':
        if (me && (action === 'hush' || state.you.allowed.microphone)) await room.setMicrophone(action === 'talk');
        return;
      case 'screen':
        return room.session?.setScreen(!me?.isScreenShareEnabled);
      case 'hand':
        await (handPlace(state, state.you.person) > 0 ? room.command('hand_lower', {}) : room.command('hand_raise', {}));
        return;
      case 'react':
        this.isReacting = !this.isReacting;
        return;
      case 'more':
        this.hasMore = !this.hasMore;
        return;
      case 'mode':
        this.mode = this.mode === 'tiles' ? 'speaker' : 'tiles';
        return;
      case 'hear':
        this.hears = !this.hears;
        return this.receive();
      case 'see':
        this.sees = !this.sees;
        return this.receive();
      case 'class':
      case 'people':
        return this.openSheet(this.sheet === action ? undefined : action);
      case 'tools':
        return this.querySelector<ToolsElement>('tc-tools')?.show();
      case 'settings':
        return this.querySelector<SettingsElement>('tc-settings')?.open();
      case 'leave':
        if (state.you.is_teacher && !this.screen) return this.querySelector<EndElement>('tc-end')?.show();
        return room.leave();
    }
  }

  private openSheet(tab: SheetTab | undefined): void {
    this.sheet = tab;
    if (tab) this.tab = tab;
  }

  private onWish(wish: PageWish): void {
    if (wish.open === 'person') this.querySelector<PersonElement>('tc-person')?.showFor(wish.person);
    else if (wish.open === 'report') this.querySelector<ReportElement>('tc-report')?.showFor(wish.about, wish.name);
    else void this.act(wish.open === 'tools' ? 'tools' : 'leave');
  }

  private async onAnswer(isOn: boolean): Promise<void> {
    const { room } = this;
    const source = room?.asked?.source;
    room?.answerAsked();
    if (!room || !isOn || !source) return;
    if (source === 'microphone') await room.setMicrophone(true);
    if (source === 'camera') await room.setCamera(true);
    if (source === 'screen_share') await room.session?.setScreen(true);
  }

  /** Receives what the stage shows, and nothing else. */
  private receive(): void {
    const { room, plan } = this;
    const session = room?.session;
    if (!session || !room.state) return;
    if (room.state.you.is_companion) session.receive(plan ? companionReception(plan, { hasSound: this.hears, hasPicture: this.sees }) : { pictures: new Set(), hasSound: this.hears });
    else if (plan) session.receive(receptionOf(plan, session.isLowData));
  }

  private setKeys(isOn: boolean): void {
    this.hasKeys = isOn;
    localStorage.setItem(KEYS_STORE, isOn ? 'on' : 'off');
  }

  private setPushToTalk(isOn: boolean): void {
    this.isPushToTalk = isOn;
    if (isOn) void this.room?.setMicrophone(false);
  }

  protected override render(): TemplateResult {
    const { room } = this;
    const state = room?.state;
    const onReport = (): void => this.onWish({ open: 'report' });
    const report = html`<button class="language report-button" lang=${language()} @click=${onReport}>${this.me.is_teacher ? t('Report a problem') : t('Tell a teacher')}</button>`;
    const header = (isDoor: boolean, hasReport: boolean): TemplateResult => this.renderHeader(state?.lesson ?? this.lesson, isDoor, hasReport ? report : nothing);
    const lesson = asLesson(this.lesson);
    switch (this.view) {
      case 'door':
        return html`${header(true, false)}
          <main class="door-page" @join=${({ detail }: CustomEvent<Joining>) => this.enter(detail)}>
            <tc-class-door .lesson=${lesson} .seat=${this.seat} .isCompanion=${this.isCompanion} .next=${this.screen ? NEXT_FOR_SCREEN : this.me.role === 'pupil' ? NEXT_FOR_PUPILS : m('As a teacher you go straight in.')}></tc-class-door>
          </main>`;
      case 'gone':
        return html`${header(true, false)}
          <main class="goodbye" tabindex="-1"><tc-gone .ending=${this.ending} .isAdult=${this.me.role !== 'pupil'} .lessonId=${this.lesson.id}></tc-gone></main>`;
      case 'connecting':
        return html`${header(true, false)}
          <main class="goodbye" tabindex="-1"><h1>${pair('One moment…')}</h1><p class="hint" role="status" lang=${language()}>${room?.client.link === 'offline' ? t('The lesson cannot be reached. Trying again by itself…') : t('Going to the lobby.')}</p></main>`;
      case 'lobby':
        return html`${header(true, true)}
          <main class="door-page" tabindex="-1" @command=${this.onCommand}>
            <tc-lobby .state=${state} .tracks=${room?.tracks ?? []} .link=${room?.client.link}></tc-lobby>
            <p class="row lobby-leave"><button class="button" data-action="leave" @click=${() => room?.leave()}>${pair('Leave')}</button></p>
            <tc-report .state=${state}></tc-report>
          </main>`;
      case 'room':
        return room && state ? this.renderRoom(room, state, header(false, true)) : html``;
    }
  }

  private get seat(): SeatInfo {
    const seat = asSeat(this.lesson, this.me);
    const side = this.lesson.sides.find((one) => one.key === this.screen);
    return side ? { ...seat, name: side.class_group } : seat;
  }

  private renderHeader(lesson: ClassLesson, isDoor: boolean, extra: TemplateResult | typeof nothing): TemplateResult {
    const known: Lesson = asLesson(lesson);
    return html`<header class="top"><tc-header .lesson=${known} .seat=${asSeat(lesson, this.me)} .isDoor=${isDoor} .extra=${extra}></tc-header></header>`;
  }

  private readonly onCommand = ({ detail }: CustomEvent<CommandWish>): void => {
    const name: CommandName = detail.name;
    if (name === 'react') this.isReacting = false;
    void this.room?.command(name, detail.payload as Commands[typeof name]).then((isDone) => {
      if (isDone && name === 'report') this.room?.toast('calm', m('Sent. The teachers of both schools and the coordinator read it.'));
    });
  };

  private renderRoom(room: ClassRoom, state: ClassState, header: TemplateResult): TemplateResult {
    const { session } = room;
    const { you } = state;
    if (!session) return html``;
    const people = stagePeople(state, session.room);
    const me = session.room.localParticipant;
    const media = mediaOf(session.room);
    const hasStage = !you.is_companion || this.sees;
    const view = {
      isMicrophoneOn: me.isMicrophoneEnabled,
      isCameraOn: me.isCameraEnabled,
      isScreenOn: me.isScreenShareEnabled,
      isLive: room.isLive,
      isPushToTalk: this.isPushToTalk,
      isReacting: this.isReacting,
      hasMore: this.hasMore,
      sheet: this.sheet,
      mode: this.mode,
      isLowData: session.isLowData,
      hears: this.hears,
      sees: this.sees,
    };
    return html`<div class="room class-room" ?data-sheet=${this.sheet !== undefined} ?data-companion=${you.is_companion} ?data-stage=${hasStage} ?data-screen=${you.role === 'screen'}
      @command=${this.onCommand} @wish=${({ detail }: CustomEvent<PageWish>) => this.onWish(detail)}>
      ${header}
      <main class="stage-area" tabindex="-1" aria-label=${t('Stage')} @rejoin=${() => room.rejoin()} @unlock-audio=${() => session.unlockAudio()}
        @planned=${({ detail }: CustomEvent<ClassStagePlan>) => ((this.plan = detail), this.receive())}>
        <tc-banner .phase=${session.phase} .trouble=${session.trouble} .remark=${session.remark} .quality=${media.get(you.person)?.quality ?? 'unknown'} .isAudioLocked=${!session.room.canPlaybackAudio}></tc-banner>
        <tc-notices .state=${state} .link=${room.client.link} .toasts=${room.toasts} @dismiss=${({ detail }: CustomEvent<number>) => room.dismiss(detail)}></tc-notices>
        ${hasStage
          ? html`<tc-class-stage .people=${people} .mode=${this.mode} .lastSpeaker=${session.lastSpeaker} .isLowData=${session.isLowData || you.is_companion}></tc-class-stage>`
          : nothing}
        <tc-reactions .state=${state} .shown=${room.reactions} .isChoosing=${this.isReacting}></tc-reactions>
      </main>
      <aside class="rail" id="rail" aria-label=${t('Class and people')}>${this.renderRail(room, state, media)}</aside>
      <footer class="dock" @act=${({ detail }: CustomEvent<ClassAction>) => this.act(detail)}>
        <tc-class-dock role="group" aria-label=${t('Controls')} .state=${state} .view=${view}></tc-class-dock>
      </footer>
      ${this.renderDialogs(room, state, media)}
    </div>`;
  }

  private renderRail(room: ClassRoom, state: ClassState, media: ReturnType<typeof mediaOf>): TemplateResult {
    const tabs: readonly [SheetTab, TemplateResult][] = [
      ['class', pair('Lesson')],
      ['people', pair('People')],
    ];
    return html`${state.you.is_teacher ? html`<tc-waiting .state=${state}></tc-waiting>` : nothing}
      <div class="rail-tabs" role="group" aria-label=${t('What the side shows')}>
        ${tabs.map(([tab, label]) => html`<button class="rail-tab" data-tab=${tab} aria-pressed=${this.tab === tab ? 'true' : 'false'} @click=${() => this.openTab(tab)}>${label}</button>`)}
        <button class="rail-tab rail-close" @click=${() => this.openSheet(undefined)}>${pair('Close')}</button>
      </div>
      <div class="rail-body" data-tab=${this.tab}>
        ${this.tab === 'people'
          ? html`<tc-roster .state=${state} .media=${media}></tc-roster>`
          : html`<tc-words .state=${state}></tc-words>
              <tc-hands .state=${state}></tc-hands>
              <tc-chat .state=${state} .pending=${room.client.pending} @say=${({ detail }: CustomEvent<Said>) => room.client.say(detail.to, detail.text)} @forget=${({ detail }: CustomEvent<string>) => room.client.forget(detail)}></tc-chat>`}
      </div>`;
  }

  private openTab(tab: SheetTab): void {
    this.tab = tab;
    if (this.sheet) this.sheet = tab;
    this.requestUpdate();
  }

  private renderDialogs(room: ClassRoom, state: ClassState, media: ReturnType<typeof mediaOf>): TemplateResult {
    const { session } = room;
    return html`<tc-settings
        .chosen=${room.devices}
        .isLowData=${session?.isLowData ?? false}
        .hasKeys=${this.hasKeys}
        .isPushToTalk=${state.you.is_companion ? undefined : this.isPushToTalk}
        @choose=${({ detail }: CustomEvent<DeviceChoice>) => room.setDevice(detail.kind, detail.device)}
        @low-data=${({ detail }: CustomEvent<boolean>) => (session?.setLowData(detail), this.receive())}
        @keys=${({ detail }: CustomEvent<boolean>) => this.setKeys(detail)}
        @push-to-talk=${({ detail }: CustomEvent<boolean>) => this.setPushToTalk(detail)}
      ></tc-settings>
      <tc-report .state=${state}></tc-report>
      <tc-asked .state=${state} .asked=${room.asked} @answer=${({ detail }: CustomEvent<boolean>) => this.onAnswer(detail)}></tc-asked>
      ${state.you.is_teacher
        ? html`<tc-person .state=${state} .media=${media}></tc-person><tc-tools .state=${state}></tc-tools><tc-end .state=${state} @leave=${() => room.leave()}></tc-end>`
        : nothing}`;
  }
}
