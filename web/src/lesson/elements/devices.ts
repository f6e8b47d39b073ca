// <tc-devices>: which camera, microphone and loudspeaker to use, with the names that the browser gives them.
import { html, nothing, type TemplateResult } from 'lit';
import { Room } from 'livekit-client';
import { PageElement } from '../../i18n/element.ts';
import { language, m, t } from '../../i18n/language.ts';

export interface DeviceChoice {
  readonly kind: MediaDeviceKind;
  readonly device: string;
}

const KINDS: readonly { kind: MediaDeviceKind; label: string }[] = [
  { kind: 'videoinput', label: m('Camera') },
  { kind: 'audioinput', label: m('Microphone') },
  { kind: 'audiooutput', label: m('Loudspeaker') },
];

export class DevicesElement extends PageElement {
  static override properties = { chosen: { attribute: false }, devices: { state: true } };
  declare chosen: Readonly<Partial<Record<MediaDeviceKind, string>>>;
  declare devices: Readonly<Partial<Record<MediaDeviceKind, readonly MediaDeviceInfo[]>>>;
  private readonly reload = (): void => void this.load();

  constructor() {
    super();
    this.chosen = {};
    this.devices = {};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    navigator.mediaDevices?.addEventListener('devicechange', this.reload);
    void this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    navigator.mediaDevices?.removeEventListener('devicechange', this.reload);
  }

  /** Reads the list again: names appear only after a device was allowed. */
  async load(): Promise<void> {
    if (!navigator.mediaDevices) return;
    const lists = await Promise.all(KINDS.map(({ kind }) => Room.getLocalDevices(kind, false).catch(() => [])));
    this.devices = Object.fromEntries(KINDS.map(({ kind }, index) => [kind, lists[index]]));
  }

  protected override render(): TemplateResult {
    return html`${KINDS.map(({ kind, label }) => this.renderKind(kind, label))}`;
  }

  private renderKind(kind: MediaDeviceKind, label: string): TemplateResult | typeof nothing {
    const devices = this.devices[kind] ?? [];
    const isFixedOutput = kind === 'audiooutput' && devices.length === 0; // Safari and Firefox choose it in the system
    if (isFixedOutput) return nothing;
    return html`<label class="field" lang=${language()}>
      <span class="field-label">${t(label)}</span>
      <select data-kind=${kind} ?disabled=${devices.length === 0} @change=${(event: Event) => this.choose(kind, event)}>
        ${devices.length === 0 ? html`<option>${t('None found')}</option>` : nothing}
        ${devices.map((device, index) => html`<option value=${device.deviceId} ?selected=${device.deviceId === this.chosen[kind]}>${device.label || `${t(label)} ${index + 1}`}</option>`)}
      </select>
    </label>`;
  }

  private choose(kind: MediaDeviceKind, event: Event): void {
    const device = (event.target as HTMLSelectElement).value;
    this.dispatchEvent(new CustomEvent<DeviceChoice>('choose', { detail: { kind, device }, bubbles: true }));
  }
}
