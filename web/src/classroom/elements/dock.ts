// <tc-class-dock>: what one can do, each a word and its other-language word under it, nothing by icon alone.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { pair } from '../../i18n/element.ts';
import { t } from '../../i18n/language.ts';
import type { StageMode } from '../../lesson/stage_plan.ts';
import { handPlace } from '../store.ts';
import { ClassPart, unseen } from './part.ts';

export type ClassAction =
  | 'microphone'
  | 'camera'
  | 'screen'
  | 'hand'
  | 'react'
  | 'mode'
  | 'class'
  | 'people'
  | 'tools'
  | 'settings'
  | 'leave'
  | 'talk'
  | 'hush'
  | 'more'
  | 'hear'
  | 'see';

export type SheetTab = 'class' | 'people';

export class ClassDockElement extends ClassPart {
  static override properties: PropertyDeclarations = { ...ClassPart.properties, view: { attribute: false } };
  declare view: {
    readonly isMicrophoneOn: boolean;
    readonly isCameraOn: boolean;
    readonly isScreenOn: boolean;
    readonly isLive: boolean;
    readonly isPushToTalk: boolean;
    readonly isReacting: boolean;
    /** On a phone: the rest of the buttons too. */
    readonly hasMore: boolean;
    readonly sheet: SheetTab | undefined;
    readonly mode: StageMode;
    readonly isLowData: boolean;
    readonly hears: boolean;
    readonly sees: boolean;
  };

  protected override render(): TemplateResult {
    const { you } = this.state;
    const { view } = this;
    this.toggleAttribute('data-more', view.hasMore);
    const isUp = handPlace(this.state, you.person) > 0;
    return html`${you.is_companion ? this.renderCompanion() : this.renderMedia()}
      ${you.role === 'screen' ? nothing : this.button('hand', isUp ? pair('Hand down') : pair('Hand up'), { isOn: isUp, title: t('Raise or lower your hand (key H)') })}
      ${you.role === 'screen' ? nothing : html`<button class="dock-button" data-action="react" aria-expanded=${view.isReacting ? 'true' : 'false'} @click=${() => this.act('react')}>${pair('React')}</button>`}
      ${you.is_companion || view.isLowData ? nothing : this.button('mode', view.mode === 'tiles' ? pair('Speaker view') : pair('Tile view'), { title: t('Change how the stage is laid out'), isExtra: true })}
      ${this.sheetButton('class', pair('Chat'))} ${this.sheetButton('people', pair('People'))}
      ${you.is_teacher && you.role !== 'screen' ? this.button('tools', pair('Class tools'), { title: t('For all pupils: sound, cameras, chat, lock'), isExtra: true }) : nothing}
      ${this.button('settings', pair('Settings'), { title: t('Devices, less data and keys'), isExtra: true })}
      <button class="dock-button dock-more" data-action="more" aria-expanded=${view.hasMore ? 'true' : 'false'} @click=${() => this.act('more')}>${view.hasMore ? pair('Less') : pair('More')}</button>
      <button class="dock-button dock-leave" data-action="leave" @click=${() => this.act('leave')}>${pair('Leave')}</button>`;
  }

  private renderMedia(): TemplateResult {
    const { view } = this;
    const { allowed } = this.state.you;
    const mayShow = 'getDisplayMedia' in (navigator.mediaDevices ?? {}) && (allowed.screen_share || view.isScreenOn);
    return html`${view.isPushToTalk ? this.renderTalk() : this.button('microphone', view.isMicrophoneOn ? pair('Mic on') : pair('Mic off'), { isOn: view.isMicrophoneOn, isOff: !view.isLive || !allowed.microphone, title: allowed.microphone ? t('Microphone on or off (key M)') : t('A teacher switched microphones off for now.') })}
      ${this.button('camera', view.isCameraOn ? pair('Camera on') : pair('Camera off'), { isOn: view.isCameraOn, isOff: !view.isLive || !allowed.camera, title: allowed.camera ? t('Camera on or off (key V)') : t('A teacher switched cameras off for now.') })}
      ${mayShow ? this.button('screen', view.isScreenOn ? pair('Stop sharing') : pair('Share screen'), { isOn: view.isScreenOn, isOff: !view.isLive, title: t('Show your screen to everybody'), isExtra: true }) : nothing}`;
  }

  /** Held by finger or mouse; the space bar is held by the page (`keys.ts`). */
  private renderTalk(): TemplateResult {
    const { view } = this;
    const isOff = !view.isLive || !this.state.you.allowed.microphone;
    return html`<button class="dock-button" data-action="talk" ?data-on=${view.isMicrophoneOn} ?disabled=${isOff} title=${t('Hold this button or the space bar while you speak')}
      @pointerdown=${(event: PointerEvent) => this.hold(event)} @pointerup=${() => this.act('hush')} @pointercancel=${() => this.act('hush')}
      @contextmenu=${(event: Event) => event.preventDefault()}>
      ${view.isMicrophoneOn ? pair('You are heard') : pair('Hold to talk')}
    </button>`;
  }

  private hold(event: PointerEvent): void {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId); // the finger may slip off the button
    this.act('talk');
  }

  private renderCompanion(): TemplateResult {
    const { view } = this;
    return html`${this.button('hear', view.hears ? pair('Sound here') : pair('No sound here'), { isOn: view.hears, title: t('Hear the lesson on this device, with headphones') })}
      ${this.button('see', view.sees ? pair('Picture here') : pair('No picture here'), { isOn: view.sees, title: t('See the speaker or the shared screen on this device') })}`;
  }

  private sheetButton(tab: SheetTab, label: TemplateResult): TemplateResult {
    const isOpen = this.view.sheet === tab;
    const hands = tab === 'class' && this.state.you.is_teacher ? this.state.hands.length : 0;
    return html`<button class="dock-button dock-sheet" data-action=${tab} aria-expanded=${isOpen ? 'true' : 'false'} aria-controls="rail" @click=${() => this.act(tab)}>
      ${label}${hands > 0 && !isOpen ? html`${unseen(t('Hands up'))} <span class="hand-place dock-badge">${hands}</span>` : nothing}
    </button>`;
  }

  private button(action: ClassAction, label: TemplateResult, more: { isOn?: boolean; isOff?: boolean; isExtra?: boolean; title?: string } = {}): TemplateResult {
    return html`<button class="dock-button ${more.isExtra ? 'dock-extra' : ''}" data-action=${action} ?data-on=${more.isOn ?? false} ?disabled=${more.isOff ?? false} title=${more.title ?? ''} @click=${() => this.act(action)}>
      ${label}
    </button>`;
  }

  private act(action: ClassAction): void {
    this.dispatchEvent(new CustomEvent<ClassAction>('act', { detail: action, bubbles: true }));
  }
}
