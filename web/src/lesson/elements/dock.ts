// <tc-dock>: the six things one can do, each a word and its other-language word under it.
import { html, nothing, type TemplateResult } from 'lit';
import { PageElement, pair } from '../../i18n/element.ts';
import { t } from '../../i18n/language.ts';
import type { StageMode } from '../stage_plan.ts';

export type DockAction = 'microphone' | 'camera' | 'screen' | 'mode' | 'people' | 'settings' | 'leave';

export class DockElement extends PageElement {
  static override properties = {
    isMicrophoneOn: { attribute: false },
    isCameraOn: { attribute: false },
    isScreenOn: { attribute: false },
    isPeopleOpen: { attribute: false },
    mode: { attribute: false },
    isLive: { attribute: false },
  };
  declare isMicrophoneOn: boolean;
  declare isCameraOn: boolean;
  declare isScreenOn: boolean;
  declare isPeopleOpen: boolean;
  declare mode: StageMode;
  declare isLive: boolean;

  protected override render(): TemplateResult {
    const maySharescreen = 'getDisplayMedia' in (navigator.mediaDevices ?? {});
    return html`
      ${this.renderButton('microphone', this.isMicrophoneOn, this.isMicrophoneOn ? pair('Mic on') : pair('Mic off'), t('Microphone on or off (key M)'))}
      ${this.renderButton('camera', this.isCameraOn, this.isCameraOn ? pair('Camera on') : pair('Camera off'), t('Camera on or off (key V)'))}
      ${maySharescreen
        ? this.renderButton('screen', this.isScreenOn, this.isScreenOn ? pair('Stop sharing') : pair('Share screen'), t('Show your screen to everybody'))
        : nothing}
      ${this.renderButton('mode', false, this.mode === 'tiles' ? pair('Speaker view') : pair('Tile view'), t('Change how the stage is laid out'))}
      <button class="dock-button dock-people" data-action="people" aria-expanded=${this.isPeopleOpen ? 'true' : 'false'} aria-controls="rail" @click=${() => this.act('people')}>
        ${pair('People')}
      </button>
      ${this.renderButton('settings', false, pair('Settings'), t('Devices, less data and keys'), true)}
      <button class="dock-button dock-leave" data-action="leave" @click=${() => this.act('leave')}>${pair('Leave')}</button>
    `;
  }

  private renderButton(action: DockAction, isOn: boolean, label: TemplateResult, title: string, isAlways = false): TemplateResult {
    return html`<button class="dock-button" data-action=${action} ?data-on=${isOn} ?disabled=${!this.isLive && !isAlways} title=${title} @click=${() => this.act(action)}>
      ${label}
    </button>`;
  }

  private act(action: DockAction): void {
    this.dispatchEvent(new CustomEvent<DockAction>('act', { detail: action, bubbles: true }));
  }
}
