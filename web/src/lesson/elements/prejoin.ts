// <tc-prejoin>: the door of the lesson: see yourself, hear yourself, choose devices, then join. Works without any device.
import { html, nothing, type TemplateResult } from 'lit';
import { createLocalAudioTrack, createLocalVideoTrack, VideoPresets, type LocalAudioTrack, type LocalTrack, type LocalVideoTrack } from 'livekit-client';
import { PageElement, pair, pairOf } from '../../i18n/element.ts';
import { isolated, language, t } from '../../i18n/language.ts';
import { onceMore } from '../../media/once_more.ts';
import { ADVICE, troubleOf, type Device, type Trouble } from '../../media/trouble.ts';
import { playTone } from '../../media/tone.ts';
import { sideLabel } from '../../ui/side.ts';
import type { Lesson, SeatInfo } from '../lesson.ts';
import type { Chosen } from '../session.ts';
import type { DeviceChoice } from './devices.ts';

/** What the viewer brings along through the door. */
export interface Joining {
  readonly tracks: readonly LocalTrack[];
  readonly late: Promise<readonly LocalTrack[]>;
  readonly chosen: Chosen;
}

export class PrejoinElement extends PageElement {
  static override properties = {
    lesson: { attribute: false },
    seat: { attribute: false },
    next: { attribute: false },
    camera: { state: true },
    microphone: { state: true },
    troubles: { state: true },
    isHeard: { state: true },
    isPlaying: { state: true },
    isJoining: { state: true },
  };
  declare lesson: Lesson;
  declare seat: SeatInfo;
  /** What comes after this door, as a message. */
  declare next: string | undefined;
  declare camera: LocalVideoTrack | undefined;
  declare microphone: LocalAudioTrack | undefined;
  declare troubles: Readonly<Partial<Record<Device, Trouble>>>;
  declare isHeard: boolean;
  declare isPlaying: boolean;
  declare isJoining: boolean;
  private chosen: Chosen = {};
  private isGivenAway = false;
  private opening: Promise<void> = Promise.resolve();

  constructor() {
    super();
    this.troubles = {};
    this.isHeard = this.isPlaying = this.isJoining = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.opening = this.openBoth();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.isGivenAway) this.camera?.detach();
    else for (const track of [this.camera, this.microphone]) track?.stop();
  }

  /** One after the other, so that the browser asks one question at a time. */
  private async openBoth(): Promise<void> {
    await this.openCamera();
    await this.openMicrophone();
    await this.querySelector('tc-devices')?.load();
  }

  private async openCamera(): Promise<void> {
    this.camera?.stop();
    this.camera = undefined;
    await this.attempt('camera', async () => {
      const device = this.chosen.videoinput;
      this.camera = await createLocalVideoTrack({ resolution: VideoPresets.h720.resolution, ...(device ? { deviceId: device } : {}) });
    });
  }

  private async openMicrophone(): Promise<void> {
    this.microphone?.stop();
    this.microphone = undefined;
    await this.attempt('microphone', async () => {
      const device = this.chosen.audioinput;
      const options = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      this.microphone = await createLocalAudioTrack({ ...options, ...(device ? { deviceId: device } : {}) });
    });
  }

  private async attempt(device: Device, open: () => Promise<void>): Promise<void> {
    const { [device]: _solved, ...rest } = this.troubles;
    this.troubles = rest;
    try {
      await onceMore(open);
    } catch (error) {
      this.troubles = { ...this.troubles, [device]: troubleOf(error) };
    }
  }

  protected override updated(): void {
    const video = this.querySelector('video');
    if (video && this.camera && !this.camera.attachedElements.includes(video)) this.camera.attach(video);
  }

  private toggle(device: Device): void {
    const track = device === 'camera' ? this.camera : this.microphone;
    if (!track) {
      this.opening = device === 'camera' ? this.openCamera() : this.openMicrophone();
      return;
    }
    track.stop();
    if (device === 'camera') this.camera = undefined;
    else this.microphone = undefined;
  }

  private onChoose({ detail }: CustomEvent<DeviceChoice>): void {
    this.chosen = { ...this.chosen, [detail.kind]: detail.device };
    if (detail.kind === 'videoinput') this.opening = this.openCamera();
    if (detail.kind === 'audioinput') this.opening = this.openMicrophone();
  }

  private async play(): Promise<void> {
    this.isPlaying = true;
    await playTone().catch(() => undefined);
    this.isPlaying = false;
  }

  private join(): void {
    this.isJoining = this.isGivenAway = true;
    const detail: Joining = { tracks: this.tracks, late: this.lateTracks(this.tracks), chosen: this.chosen };
    this.dispatchEvent(new CustomEvent('join', { detail, bubbles: true }));
  }

  private get tracks(): readonly LocalTrack[] {
    return [this.microphone, this.camera].filter((track) => track !== undefined);
  }

  /** A device that the browser still asks about when the viewer goes in: it follows, and is never left running unseen. */
  private async lateTracks(early: readonly LocalTrack[]): Promise<readonly LocalTrack[]> {
    await this.opening;
    return this.tracks.filter((track) => !early.includes(track));
  }

  protected override render(): TemplateResult {
    const tag = language();
    return html`<section class="door" aria-labelledby="door-title">
      <div class="door-view">
        <div class="preview">
          <video ?hidden=${!this.camera} data-mirrored autoplay playsinline .muted=${true} aria-hidden="true"></video>
          ${this.camera ? nothing : html`<p class="preview-empty" lang=${tag}>${this.troubles.camera ? t('No picture yet') : t('Camera off')}</p>`}
        </div>
        <div class="preview-controls">
          <button class="dock-button" data-action="microphone" ?data-on=${this.microphone} @click=${() => this.toggle('microphone')}>
            ${this.microphone ? pair('Mic on') : pair('Mic off')}
          </button>
          <button class="dock-button" data-action="camera" ?data-on=${this.camera} @click=${() => this.toggle('camera')}>
            ${this.camera ? pair('Camera on') : pair('Camera off')}
          </button>
          <div class="preview-meter" @heard=${() => (this.isHeard = true)}>
            <tc-meter .track=${this.microphone?.mediaStreamTrack}></tc-meter>
            <p class="hint" role="status" lang=${tag}>${this.meterWords()}</p>
          </div>
        </div>
        ${this.renderTrouble('camera')} ${this.renderTrouble('microphone')}
      </div>
      <div class="door-side">
        <p class="door-seat">${sideLabel(this.seat.side)}</p>
        <h1 id="door-title" class="door-title">${pairOf(this.lesson.title)}</h1>
        <p class="door-who" lang=${tag}>${t('You sit as %(name)s, %(place)s.', { name: isolated(this.seat.name[tag]), place: this.seat.place[tag] })}</p>
        <button class="button join" data-main ?disabled=${this.isJoining} @click=${() => this.join()}>${pair('Join the lesson')}</button>
        ${this.next ? html`<p class="door-next" lang=${tag}>${t(this.next)}</p>` : nothing}
        <tc-devices .chosen=${this.chosen} @choose=${(event: CustomEvent<DeviceChoice>) => this.onChoose(event)}></tc-devices>
        <div class="door-sound">
          <button class="button" ?disabled=${this.isPlaying} @click=${() => this.play()}>${pair('Play a sound')}</button>
          <p class="hint" lang=${tag}>${t('You should hear two notes.')}</p>
        </div>
        <p class="hint" lang=${tag}>
          ${t('You can join without a camera or microphone.')} <a href="/check" lang=${tag}>${t('Check the network too')}</a>
        </p>
      </div>
    </section>`;
  }

  private meterWords(): string {
    if (!this.microphone) return t('Microphone off');
    return this.isHeard ? t('We hear you.') : t('Say something.');
  }

  private renderTrouble(device: Device): TemplateResult | typeof nothing {
    const trouble = this.troubles[device];
    if (!trouble) return nothing;
    const advice = ADVICE[device][trouble];
    const again = device === 'camera' ? () => this.openCamera() : () => this.openMicrophone();
    return html`<div class="trouble" role="alert" lang=${language()}>
      <p><strong>${t(advice.says)}</strong> ${t(advice.fix)}</p>
      <button class="button" @click=${again}>${t('Try again')}</button>
    </div>`;
  }
}
