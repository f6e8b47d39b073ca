// <tc-settings>: a dialog with the devices, the low-data switch and the keys.
import { html, nothing, type TemplateResult } from 'lit';
import { PageElement, pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';

export class SettingsElement extends PageElement {
  static override properties = { chosen: { attribute: false }, isLowData: { attribute: false }, hasKeys: { attribute: false }, isPushToTalk: { attribute: false } };
  declare chosen: Readonly<Partial<Record<MediaDeviceKind, string>>>;
  declare isLowData: boolean;
  declare hasKeys: boolean;
  /** Undefined where there is no push-to-talk. */
  declare isPushToTalk: boolean | undefined;

  open(): void {
    this.querySelector('dialog')?.showModal();
  }

  protected override render(): TemplateResult {
    return html`<dialog class="settings" aria-labelledby="settings-title">
      <h2 id="settings-title" class="card-title">${pair('Settings')}</h2>
      <tc-devices .chosen=${this.chosen}></tc-devices>
      <label class="check" lang=${language()}>
        <input type="checkbox" .checked=${this.isLowData} @change=${(event: Event) => this.emit('low-data', (event.target as HTMLInputElement).checked)} />
        <span>${t('Less data')}<small>${t('Smaller pictures both ways; voices stay clear.')}</small></span>
      </label>
      <label class="check" lang=${language()}>
        <input type="checkbox" .checked=${this.hasKeys} @change=${(event: Event) => this.emit('keys', (event.target as HTMLInputElement).checked)} />
        <span>${t('Keys')}<small><kbd>M</kbd> ${t('microphone')} · <kbd>V</kbd> ${t('camera')}${this.isPushToTalk === undefined ? nothing : html` · <kbd>H</kbd> ${t('hand')}`}</small></span>
      </label>
      ${this.isPushToTalk === undefined
        ? nothing
        : html`<label class="check" lang=${language()}>
            <input type="checkbox" .checked=${this.isPushToTalk} @change=${(event: Event) => this.emit('push-to-talk', (event.target as HTMLInputElement).checked)} />
            <span>${t('Push to talk')}<small>${t('The microphone is on only while you hold the space bar or the button. Press buttons with Enter meanwhile.')}</small></span>
          </label>`}
      <form method="dialog"><button class="button" data-main>${pair('Close')}</button></form>
    </dialog>`;
  }

  private emit(name: 'low-data' | 'keys' | 'push-to-talk', isOn: boolean): void {
    this.dispatchEvent(new CustomEvent<boolean>(name, { detail: isOn, bubbles: true }));
  }
}
