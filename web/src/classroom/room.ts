// One viewer in one lesson: joins what the app says (client) with sound and picture (session) and remembers what to tell them.
import type { LocalTrack } from 'livekit-client';
import { Track } from 'livekit-client';
import { isolated, language, m, t, type Values } from '../i18n/language.ts';
import { call, type MediaTicket } from '../lesson/api.ts';
import type { Joining } from '../lesson/elements/prejoin.ts';
import { Session, type Chosen } from '../lesson/session.ts';
import { ClassroomClient, type ClientListener } from './client.ts';
import type { Alert, ClassEvent, ClassState, CommandName, Commands, PleaseUnmute, ReactionKind, Right, SideKey } from './protocol.ts';
import { memberOf } from './store.ts';
import { Wishes } from './wishes.ts';
import { openWire } from './wire.ts';

const TOAST_MS = 9000; // one line to read, and to find what it is about
const REACTION_MS = 4000;

export interface Toast {
  readonly id: number;
  /** `quiet`: the wide page shows it elsewhere, `unseen`: every page does; it is still read aloud. */
  readonly tone: 'unseen' | 'quiet' | 'calm' | 'sun' | 'bad';
  readonly says: () => string;
}

export interface Shown {
  readonly id: number;
  readonly person: string;
  readonly kind: ReactionKind;
}

const MUTED_BY_TEACHER = { microphone: m('A teacher muted your microphone.'), camera: m('A teacher turned your camera off.') } as const;
const CLOSED: Readonly<Record<Right, string>> = {
  chat: m('A teacher closed the chat for now.'),
  microphone: m('A teacher switched microphones off for now.'),
  camera: m('A teacher switched cameras off for now.'),
  screen_share: m('Only teachers share their screen now.'),
};
const OPENED: Readonly<Record<Right, string>> = {
  chat: m('You may write in the chat again.'),
  microphone: m('You may use your microphone again.'),
  camera: m('You may use your camera again.'),
  screen_share: m('You may share your screen.'),
};
const ALERTS: Readonly<Record<Alert['kind'], string>> = {
  waiting: m('%(name)s is waiting in the lobby.'),
  second_device: m('The card of %(name)s was opened on a second device.'),
  held: m('A message waits for you in the chat.'),
  report: m('Somebody reported a problem. You find it under Class tools.'),
};

export interface RoomOptions {
  readonly lessonId: string;
  readonly isCompanion: boolean;
  readonly screen: SideKey | undefined;
  readonly voices: HTMLElement;
  readonly onChange: () => void;
}

export class ClassRoom implements ClientListener {
  readonly client: ClassroomClient;
  session: Session | undefined;
  /** Tracks of the door, until there is a call to bring them to. */
  tracks: readonly LocalTrack[] = [];
  toasts: readonly Toast[] = [];
  reactions: readonly Shown[] = [];
  asked: PleaseUnmute | undefined;
  hasLeft = false;
  /** Devices that the viewer chose. */
  devices: Chosen = {};
  private microphoneTurn: Promise<void> = Promise.resolve();
  private readonly options: RoomOptions;
  private readonly wishes = new Wishes();
  private hasBeenInside = false;
  private ids = 0;

  constructor(options: RoomOptions) {
    this.options = options;
    const { lessonId, isCompanion, screen } = options;
    const wire = openWire({ lesson: lessonId, ...(isCompanion ? { companion: true } : {}), ...(screen ? { screen } : {}) });
    this.client = new ClassroomClient(wire, this);
  }

  get state(): ClassState | undefined {
    return this.client.state;
  }

  /** Sound and picture are there; chat and hands need only the state. */
  get isLive(): boolean {
    return this.session?.phase === 'live' || this.session?.phase === 'back';
  }

  /** Goes to the lobby, and into the room as soon as one is admitted. */
  enter({ tracks, late, chosen }: Joining): void {
    this.devices = chosen;
    this.hold(tracks);
    void late.then((more) => this.hold(more));
    this.client.open();
  }

  private hold(tracks: readonly LocalTrack[]): void {
    for (const track of tracks) this.wishes[track.kind === Track.Kind.Audio ? 'microphone' : 'camera'] = true;
    if (this.hasLeft) for (const track of tracks) track.stop();
    else if (this.session) void this.session.bring(this.fit(tracks));
    else this.tracks = [...this.tracks, ...tracks];
    this.options.onChange();
  }

  /** Those that the lesson allows; the others are let go of. */
  private fit(tracks: readonly LocalTrack[]): readonly LocalTrack[] {
    const allowed = this.state?.you.allowed;
    const isFit = (track: LocalTrack): boolean => (track.kind === Track.Kind.Audio ? allowed?.microphone : allowed?.camera) ?? false;
    for (const track of tracks) if (!isFit(track)) track.stop();
    return tracks.filter(isFit);
  }

  onChange(): void {
    const status = this.client.gone || this.client.refusal || this.hasLeft ? 'waiting' : this.state?.you.status;
    if (status === 'admitted' && !this.session) this.startMedia();
    if (status === 'waiting' && (this.session || this.client.gone || this.client.refusal)) this.stopMedia();
    this.options.onChange();
  }

  private startMedia(): void {
    const { lessonId, screen, voices } = this.options;
    const path = screen ? `screen-token?side=${screen}` : 'token';
    const ticket = (): Promise<MediaTicket> => call<MediaTicket>(`/api/v1/lessons/${encodeURIComponent(lessonId)}/${path}`, 'GET');
    const session = new Session({
      ticket,
      chosen: this.devices,
      voices,
      reception: { pictures: new Set(), hasSound: !this.state?.you.is_companion },
      onChange: () => this.onMedia(session),
      onShareStopped: () => this.toast('sun', m('A teacher stopped your screen share.')),
    });
    this.session = session;
    const tracks = this.fit(this.tracks);
    this.tracks = [];
    const isBack = this.hasBeenInside;
    this.hasBeenInside = true;
    void session.join(tracks).then(() => (isBack ? this.resume(session) : undefined));
  }

  /** After the lobby: what was on before goes on again, if it may. */
  private async resume(session: Session): Promise<void> {
    const { allowed } = this.state?.you ?? {};
    if (session.phase !== 'live') return;
    if (this.wishes.microphone && allowed?.microphone) await session.setMicrophone(true);
    if (this.wishes.camera && allowed?.camera) await session.setCamera(true);
  }

  private stopMedia(): void {
    const { session } = this;
    this.session = undefined;
    this.wishes.restart();
    for (const track of this.tracks) track.stop();
    this.tracks = [];
    void session?.leave();
    this.options.voices.replaceChildren();
  }

  private onMedia(session: Session): void {
    if (session !== this.session) return;
    void this.noticeTaken(session);
    this.options.onChange();
  }

  private async noticeTaken(session: Session): Promise<void> {
    const me = session.room.localParticipant;
    const isLive = (): boolean => session === this.session && session.phase === 'live';
    const taken = await this.wishes.takenAway(() => (isLive() ? { microphone: me.isMicrophoneEnabled, camera: me.isCameraEnabled } : undefined));
    for (const device of taken) if (this.state?.you.allowed[device]) this.toast('sun', MUTED_BY_TEACHER[device]);
  }

  /** One switch after the other, each to the last wish: a short press of push-to-talk must not end with an open microphone. */
  setMicrophone(isOn: boolean): Promise<void> {
    this.wishes.microphone = isOn;
    this.microphoneTurn = this.microphoneTurn.then(() => this.session?.setMicrophone(this.wishes.microphone));
    return this.microphoneTurn;
  }

  async setCamera(isOn: boolean): Promise<void> {
    this.wishes.camera = isOn;
    await this.session?.setCamera(isOn);
  }

  async setDevice(kind: MediaDeviceKind, device: string): Promise<void> {
    this.devices = { ...this.devices, [kind]: device };
    await this.session?.setDevice(kind, device);
  }

  async rejoin(): Promise<void> {
    const { microphone, camera } = this.wishes;
    const allowed = this.state?.you.allowed;
    await this.session?.rejoin({ isMicrophoneOn: microphone && (allowed?.microphone ?? false), isCameraOn: camera && (allowed?.camera ?? false) });
  }

  leave(): void {
    this.hasLeft = true;
    this.client.close();
    this.stopMedia();
    this.options.onChange();
  }

  /** Sends a command; a refusal is shown in the viewer's language. */
  async command<Name extends CommandName>(name: Name, payload: Commands[Name]): Promise<boolean> {
    const answer = await this.client.send(name, payload);
    if (!answer.ok) {
      const { titles } = answer;
      this.show('bad', () => titles?.[language()] ?? t('It did not go through: there is no connection to the lesson.'));
    }
    return answer.ok;
  }

  toast(tone: Toast['tone'], message: string, values?: Values): void {
    this.show(tone, () => t(message, values));
  }

  private show(tone: Toast['tone'], says: () => string): void {
    const id = (this.ids += 1);
    this.toasts = [...this.toasts.slice(-2), { id, tone, says }];
    this.options.onChange();
    setTimeout(() => this.dismiss(id), TOAST_MS);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.options.onChange();
  }

  answerAsked(): void {
    this.asked = undefined;
    this.options.onChange();
  }

  onEvent(event: ClassEvent, before: ClassState): void {
    const { state } = this;
    if (!state) return;
    if (event.set?.you) this.tellRights(before, state);
    if (before.lesson.state !== 'live' && state.lesson.state === 'live') this.toast('calm', m('The lesson has begun.'));
    if (state.you.is_teacher && event.kind === 'hand_raised' && event.by && event.by !== state.you.person) {
      const name = memberOf(state, event.by)?.name;
      if (name) this.show('quiet', () => t('%(name)s raised a hand.', { name: isolated(name[language()]) }));
    }
  }

  private tellRights(before: ClassState, now: ClassState): void {
    for (const right of Object.keys(CLOSED) as Right[]) {
      const [was, is] = [before.you.allowed[right], now.you.allowed[right]];
      if (was !== is) this.toast(is ? 'calm' : 'sun', is ? OPENED[right] : CLOSED[right]);
    }
  }

  onReaction({ person, kind }: { person: string; kind: ReactionKind }): void {
    const id = (this.ids += 1);
    this.reactions = [...this.reactions.slice(-11), { id, person, kind }];
    this.options.onChange();
    setTimeout(() => {
      this.reactions = this.reactions.filter((one) => one.id !== id);
      this.options.onChange();
    }, REACTION_MS);
  }

  onPleaseUnmute(wish: PleaseUnmute): void {
    this.asked = wish;
    this.options.onChange();
  }

  onAlert({ kind, person, name }: Alert): void {
    const known = name ?? this.state?.lobby.find((one) => one.person === person)?.name;
    if (!known && (kind === 'waiting' || kind === 'second_device')) return; // the state will say it
    this.show(kind === 'waiting' ? 'unseen' : 'sun', () => t(ALERTS[kind], { name: isolated(known?.[language()] ?? '') }));
  }
}
