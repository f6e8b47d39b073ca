// One viewer's call: owns the livekit Room, follows its events and offers the few actions that the dock has.
import {
  DisconnectReason,
  Room,
  RoomEvent,
  Track,
  VideoPresets,
  VideoQuality,
  type LocalTrack,
  type LocalVideoTrack,
  type RemoteTrack,
  type RemoteTrackPublication,
} from 'livekit-client';
import { m } from '../i18n/language.ts';
import { mediaUrl, Refusal, type MediaTicket } from './api.ts';
import { reasonText, remarkText, type Phase } from './phase.ts';
import { permitted } from './rights.ts';

const BACK_SHOWN_MS = 4000; // long enough to read one line
const REMARK_SHOWN_MS = 12_000; // a line to read and to act upon

/** A song or a film as it is: what helps a voice cuts holes into it. */
const SHARED_SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false } as const;

/** Everything after which a component may have to be drawn again. */
const REDRAW_EVENTS = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ParticipantAttributesChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ConnectionQualityChanged,
  RoomEvent.AudioPlaybackStatusChanged,
  RoomEvent.MediaDevicesChanged,
  RoomEvent.ActiveDeviceChanged,
] as const;

export type Chosen = Readonly<Partial<Record<MediaDeviceKind, string>>>;

export interface SessionOptions {
  /** Asks for a fresh way in, at every join. */
  readonly ticket: () => Promise<MediaTicket>;
  /** What of the others is received at first; without it everything always is. */
  readonly reception?: Reception;
  /** Devices that the viewer chose; the browser's own choice for the others. */
  readonly chosen: Chosen;
  /** Where the elements live that play the others' voices. */
  readonly voices: HTMLElement;
  readonly onChange: () => void;
  /** Somebody else ended the viewer's shared screen. */
  readonly onShareStopped?: () => void;
}

/** Which of the others' pictures (`camera/…`, `screen/…`) and whether their sound is received. */
export interface Reception {
  readonly pictures: ReadonlySet<string>;
  readonly hasSound: boolean;
}

const device = (id: string | undefined): { deviceId?: string } => (id ? { deviceId: id } : {});

export class Session {
  phase: Phase = 'connecting';
  /** Said when the phase is `lost`. */
  trouble = '';
  /** A passing remark, such as a screen share that the browser refused. */
  remark = '';
  isLowData = false;
  lastSpeaker: string | undefined;
  room: Room;
  private readonly options: SessionOptions;
  private readonly onChange: () => void;
  private reception: Reception | undefined;
  private readonly asked = new WeakMap<RemoteTrackPublication, boolean>();
  private chosen: Chosen;
  private connected: Promise<void> = Promise.resolve();
  private backTimer: ReturnType<typeof setTimeout> | undefined;
  private remarkTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.onChange = options.onChange;
    this.chosen = options.chosen;
    this.reception = options.reception;
    this.room = this.makeRoom();
  }

  /** Connects and publishes the tracks of the self-check, so that no device is opened twice. */
  async join(tracks: readonly LocalTrack[]): Promise<void> {
    this.connected = this.connect();
    await this.bring(tracks);
  }

  /** Publishes tracks that were opened before, or lets go of them when there is no call to bring them to. */
  async bring(tracks: readonly LocalTrack[]): Promise<void> {
    await this.connected;
    if (this.phase === 'lost' || this.phase === 'left') for (const track of tracks) track.stop();
    else await Promise.all(tracks.map((track) => this.say(this.room.localParticipant.publishTrack(track))));
  }

  /** Joins again with a fresh token after the connection was lost for good. */
  async rejoin(wishes: { readonly isMicrophoneOn: boolean; readonly isCameraOn: boolean }): Promise<void> {
    this.room.removeAllListeners();
    void this.room.disconnect();
    this.options.voices.replaceChildren();
    this.room = this.makeRoom();
    await this.join([]);
    if (this.phase !== 'live') return;
    const me = this.room.localParticipant;
    await Promise.all([this.say(me.setMicrophoneEnabled(wishes.isMicrophoneOn)), this.say(me.setCameraEnabled(wishes.isCameraOn))]);
  }

  async leave(): Promise<void> {
    this.setPhase('left');
    await this.room.disconnect();
  }

  async setMicrophone(isOn: boolean): Promise<void> {
    if (isOn) await permitted(this.room.localParticipant, Track.Source.Microphone);
    await this.say(this.room.localParticipant.setMicrophoneEnabled(isOn));
  }

  async setCamera(isOn: boolean): Promise<void> {
    if (isOn) await permitted(this.room.localParticipant, Track.Source.Camera);
    await this.say(this.room.localParticipant.setCameraEnabled(isOn));
  }

  async setScreen(isOn: boolean): Promise<void> {
    const options = { audio: SHARED_SOUND, contentHint: 'detail', selfBrowserSurface: 'include' } as const;
    if (isOn) await permitted(this.room.localParticipant, Track.Source.ScreenShare);
    await this.say(this.room.localParticipant.setScreenShareEnabled(isOn, options));
  }

  async setDevice(kind: MediaDeviceKind, device: string): Promise<void> {
    this.chosen = { ...this.chosen, [kind]: device };
    await this.say(this.room.switchActiveDevice(kind, device));
  }

  /** Smaller pictures both ways; voices keep their quality. */
  setLowData(isLow: boolean): void {
    this.isLowData = isLow;
    const quality = isLow ? VideoQuality.LOW : VideoQuality.HIGH;
    for (const participant of this.room.remoteParticipants.values()) {
      const camera = participant.getTrackPublication(Track.Source.Camera);
      if (camera) camera.setVideoQuality(quality);
    }
    const own = this.room.localParticipant.getTrackPublication(Track.Source.Camera)?.track as LocalVideoTrack | undefined;
    own?.setPublishingQuality(quality);
    this.onChange();
  }

  /** Receives exactly this from now on; what is not named is not even sent here. */
  receive(reception: Reception): void {
    this.reception = reception;
    this.ask();
  }

  async unlockAudio(): Promise<void> {
    await this.say(this.room.startAudio());
  }

  private async connect(): Promise<void> {
    this.setPhase('connecting');
    try {
      const ticket = await this.options.ticket();
      await this.room.connect(mediaUrl(ticket.url, location.origin), ticket.token, {
        autoSubscribe: this.reception === undefined,
        rtcConfig: { iceServers: ticket.ice_servers ?? [] }, // Why: without a list somebody else's STUN server might be asked
      });
      this.setPhase('live');
      this.ask();
    } catch (error) {
      this.lose(error instanceof Refusal ? error.message : reasonText(DisconnectReason.JOIN_FAILURE));
    }
  }

  private makeRoom(): Room {
    const room = new Room({
      adaptiveStream: true,
      dynacast: true,
      videoCaptureDefaults: { resolution: VideoPresets.h720.resolution, ...device(this.chosen.videoinput) },
      audioCaptureDefaults: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...device(this.chosen.audioinput) },
      audioOutput: device(this.chosen.audiooutput),
      publishDefaults: { simulcast: true, videoCodec: 'vp8' },
    });
    for (const event of REDRAW_EVENTS) room.on(event, () => this.onChange());
    room
      .on(RoomEvent.TrackSubscribed, (track, publication) => {
        if (this.isLowData && publication.source === Track.Source.Camera) publication.setVideoQuality(VideoQuality.LOW);
        this.hear(track);
      })
      .on(RoomEvent.TrackUnsubscribed, (track) => {
        if (track.kind === Track.Kind.Audio) for (const element of track.detach()) element.remove();
        this.onChange();
      })
      .on(RoomEvent.TrackSubscriptionFailed, () => this.remind(m('A picture or voice could not be received: this browser cannot play its format.')))
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => {
        this.lastSpeaker = speakers.find((speaker) => !speaker.isLocal)?.identity ?? this.lastSpeaker;
        this.onChange();
      })
      .on(RoomEvent.TrackMuted, (publication, { isLocal }) => {
        // Nobody mutes a share of their own: a teacher stopped it. Ended here too, or the browser would go on capturing.
        if (isLocal && publication.source === Track.Source.ScreenShare) {
          void this.setScreen(false);
          this.options.onShareStopped?.();
        }
      })
      .on(RoomEvent.TrackPublished, () => this.ask())
      .on(RoomEvent.ParticipantConnected, () => this.ask())
      .on(RoomEvent.SignalReconnecting, () => this.setPhase('recovering'))
      .on(RoomEvent.Reconnecting, () => this.setPhase('recovering'))
      .on(RoomEvent.Reconnected, () => {
        this.ask();
        this.showBack();
      })
      .on(RoomEvent.Disconnected, (reason) => this.onDisconnected(reason));
    return room;
  }

  private ask(): void {
    const { reception } = this;
    if (!reception) return;
    for (const participant of this.room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        const kind = publication.source === Track.Source.ScreenShare ? 'screen' : 'camera';
        const isWanted = publication.kind === Track.Kind.Audio ? reception.hasSound : reception.pictures.has(`${kind}/${participant.identity}`);
        if ((this.asked.get(publication) ?? false) === isWanted) continue; // nothing comes by itself, so nothing new need be refused
        this.asked.set(publication, isWanted);
        publication.setSubscribed(isWanted);
      }
    }
  }

  private hear(track: RemoteTrack): void {
    if (track.kind === Track.Kind.Audio) this.options.voices.append(track.attach());
    this.onChange();
  }

  private showBack(): void {
    this.setPhase('back');
    this.backTimer = setTimeout(() => this.setPhase('live'), BACK_SHOWN_MS);
  }

  private onDisconnected(reason: DisconnectReason | undefined): void {
    if (this.phase === 'left' || this.phase === 'connecting') return; // asked for, or `join` reports it
    this.lose(reasonText(reason));
  }

  private lose(trouble: string): void {
    this.trouble = trouble;
    this.setPhase('lost');
  }

  private setPhase(phase: Phase): void {
    clearTimeout(this.backTimer);
    this.phase = phase;
    this.onChange();
  }

  /** Awaits an action of the client; a refusal becomes a remark that the page shows, never an unhandled error. */
  private async say(action: Promise<unknown>): Promise<void> {
    try {
      await action;
      this.remark = '';
      this.onChange();
    } catch (error) {
      this.remind(remarkText(error));
    }
  }

  private remind(remark: string): void {
    clearTimeout(this.remarkTimer);
    this.remark = remark;
    if (remark) this.remarkTimer = setTimeout(() => this.remind(''), REMARK_SHOWN_MS);
    this.onChange();
  }
}
