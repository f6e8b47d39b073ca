// <tc-stage>: lays the tiles out, in a grid or round one big picture, and keeps an empty chair for who is still missing.
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { PageElement } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import { sideMark } from '../../ui/side.ts';
import type { Lesson, SeatInfo } from '../lesson.ts';
import type { Person } from '../people.ts';
import { fitTiles, planStage, type Placed, type StageMode } from '../stage_plan.ts';

export class StageElement extends PageElement {
  static override properties = {
    people: { attribute: false },
    lesson: { attribute: false },
    mode: { attribute: false },
    lastSpeaker: { attribute: false },
  };
  declare people: readonly Person[];
  declare lesson: Lesson;
  declare mode: StageMode;
  declare lastSpeaker: string | undefined;
  private readonly watcher = new ResizeObserver(() => this.fit());

  override connectedCallback(): void {
    super.connectedCallback();
    this.watcher.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher.disconnect();
  }

  protected override updated(): void {
    this.fit();
  }

  private fit(): void {
    const grid = this.querySelector<HTMLElement>('.stage-grid');
    if (!grid) return;
    const { width, height } = fitTiles(grid.children.length, grid.clientWidth, grid.clientHeight);
    // Why rounded down: half a pixel too much would push the last tile of a row into the next.
    grid.style.setProperty('--tile-width', `${Math.floor(width)}px`);
    grid.style.setProperty('--tile-height', `${Math.floor(height)}px`);
  }

  protected override render(): TemplateResult {
    const { big, small } = planStage(this.people, this.mode, this.lastSpeaker);
    const missing = this.people.length === 1 ? this.lesson.people.filter((seat) => !this.people.some((person) => person.side === seat.side)) : [];
    if (!big) {
      return html`<div class="stage-grid">${this.renderTiles(small)}${missing.map((seat) => this.renderEmptyChair(seat))}</div>`;
    }
    return html`<div class="stage-split" data-screen=${big.kind === 'screen' ? 'yes' : 'no'}>
      <tc-tile .placed=${big} .isBig=${true}></tc-tile>
      <div class="stage-strip">${this.renderTiles(small)}${missing.map((seat) => this.renderEmptyChair(seat))}</div>
    </div>`;
  }

  private renderTiles(placed: readonly Placed[]): unknown {
    const key = ({ person, kind }: Placed): string => `${kind}/${person.identity}`;
    return repeat(placed, key, (one) => html`<tc-tile .placed=${one} .isBig=${false}></tc-tile>`);
  }

  private renderEmptyChair(seat: SeatInfo): TemplateResult {
    const tag = language();
    return html`<div class="chair" data-side=${seat.side}>
      ${sideMark(seat.side)}
      <p class="chair-title" lang=${tag}>${t('Waiting for %(name)s in %(place)s', { name: seat.name[tag], place: seat.place[tag] })}</p>
      ${this.lesson.is_always_live
        ? html`<p class="chair-more" lang=${tag}>${t('This is the demo lesson: you can sit on the other side too.')}</p>
            <a class="button" href="/demo/lesson?seat=${seat.seat}" target="_blank" rel="noopener" lang=${tag}
              >${t('Open the seat of %(name)s', { name: seat.name[tag] })}</a>`
        : nothing}
    </div>`;
  }
}
