// The camera's and the microphone's step: open the device, show the picture or the level, let go of it again.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { m } from '../i18n/language.ts';
import { onceMore } from '../media/once_more.ts';
import { ADVICE, troubleOf, type Device } from '../media/trouble.ts';
import { StepElement } from './step.ts';

const LISTEN_MS = 8000; // time to read "say something" and to say it

abstract class DeviceStep extends StepElement {
  static override properties = { stream: { state: true } };
  declare stream: MediaStream | undefined;
  protected abstract readonly device: Device;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.release();
  }

  async run(): Promise<void> {
    this.release();
    this.report('running', '');
    try {
      if (!navigator.mediaDevices) throw new DOMException('no secure context', 'SecurityError');
      const wanted = this.device === 'camera' ? { video: { width: { ideal: 1280 }, height: { ideal: 720 } } } : { audio: true };
      this.stream = await onceMore(() => navigator.mediaDevices.getUserMedia(wanted));
    } catch (error) {
      const advice = ADVICE[this.device][troubleOf(error)];
      this.report('bad', advice.says, advice.fix);
      return;
    }
    await this.look(this.stream);
  }

  protected release(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
  }

  protected abstract look(stream: MediaStream): Promise<void>;
}

export class CameraStep extends DeviceStep {
  protected override readonly heading = m('Camera');
  protected override readonly device = 'camera';

  protected async look(stream: MediaStream): Promise<void> {
    await this.updateComplete;
    const video = this.querySelector('video');
    await video?.play().catch(() => undefined);
    const { width = 0, height = 0 } = stream.getVideoTracks()[0]?.getSettings() ?? {};
    if (width >= 640) this.report('good', m('You should see yourself. The picture is %(width)s by %(height)s.'), '', { width, height });
    else this.report('warn', m('You should see yourself. The picture is small: %(width)s by %(height)s.'), '', { width, height });
  }

  protected override updated(_changed: PropertyValues): void {
    const video = this.querySelector('video');
    if (video && video.srcObject !== (this.stream ?? null)) video.srcObject = this.stream ?? null;
  }

  protected override renderBody(): TemplateResult | typeof nothing {
    return this.stream ? html`<video class="step-video" autoplay playsinline .muted=${true} aria-hidden="true"></video>` : nothing;
  }
}

export class MicrophoneStep extends DeviceStep {
  protected override readonly heading = m('Microphone');
  protected override readonly device = 'microphone';
  private heard: (() => void) | undefined;

  protected async look(): Promise<void> {
    this.report('running', m('Say something.'));
    const isHeard = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), LISTEN_MS);
      this.heard = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    if (isHeard) this.report('good', m('We hear you.'));
    else this.report('warn', m('The microphone is on, but we hear nothing.'), m('Speak up, unmute the headset, or choose another microphone in the system settings.'));
  }

  protected override renderBody(): TemplateResult | typeof nothing {
    return this.stream
      ? html`<div @heard=${() => this.heard?.()}><tc-meter .track=${this.stream.getAudioTracks()[0]}></tc-meter></div>`
      : nothing;
  }
}
