// <tc-class-stage>: the class in a paged grid or round one big picture. It tells whose pictures it shows, and only those are received.
import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { PageElement, pair } from '../../i18n/element.ts';
import { language, t } from '../../i18n/language.ts';
import type { Person } from '../../lesson/people.ts';
import { fitTiles, type Placed, type StageMode } from '../../lesson/stage_plan.ts';
import { gridSize, planClassStage, stripSize, type ClassStagePlan } from '../stage.ts';

const NARROW_PX = 620; // below it the strip lies under the big picture
const STRIP_TILE_PX = 150;
const TINY_PX = 190; // a stage above a phone's open sheet has room for one picture

export class ClassStageElement extends PageElement {
  static override properties: PropertyDeclarations = {
    people: { attribute: false },
    mode: { attribute: false },
    lastSpeaker: { attribute: false },
    isLowData: { attribute: false },
    page: { state: true },
    sizes: { state: true },
    isTiny: { state: true },
  };
  declare people: readonly Person[];
  declare mode: StageMode;
  declare lastSpeaker: string | undefined;
  declare isLowData: boolean;
  declare page: number;
  declare sizes: { readonly grid: number; readonly strip: number };
  declare isTiny: boolean;
  private told = '';
  private readonly watcher = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    this.page = 0;
    this.isTiny = false;
    this.sizes = { grid: 9, strip: 4 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watcher.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher.disconnect();
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this;
    this.isTiny = height < TINY_PX;
    const strip = width < NARROW_PX ? stripSize(width, STRIP_TILE_PX) : stripSize(height, STRIP_TILE_PX * 0.75);
    const sizes = { grid: gridSize(width, height), strip };
    if (sizes.grid !== this.sizes.grid || sizes.strip !== this.sizes.strip) this.sizes = sizes;
    this.fit();
  }

  private get plan(): ClassStagePlan {
    const { grid, strip } = this.sizes;
    const { mode, page, lastSpeaker, isLowData } = this;
    return planClassStage(this.people, { mode, page, gridSize: grid, stripSize: strip, lastSpeaker, isLowData: isLowData || this.isTiny });
  }

  protected override updated(): void {
    this.fit();
    const { plan } = this;
    const key = [String(this.isLowData), ...[plan.big, ...plan.small].map((placed) => (placed ? `${placed.kind}/${placed.person.identity}` : ''))].join(' ');
    if (key === this.told) return;
    this.told = key;
    this.dispatchEvent(new CustomEvent<ClassStagePlan>('planned', { detail: plan, bubbles: true }));
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
    const { big, small, page, pages } = this.plan;
    const pager =
      pages > 1
        ? html`<nav class="pager" aria-label=${t('Pages of the stage')}>
            <button class="button button-small" ?disabled=${page === 0} @click=${() => (this.page = page - 1)}>${pair('Previous page')}</button>
            <span class="pager-place" role="status" lang=${language()}>${t('Page %(page)s of %(pages)s', { page: page + 1, pages })}</span>
            <button class="button button-small" ?disabled=${page === pages - 1} @click=${() => (this.page = page + 1)}>${pair('Next page')}</button>
          </nav>`
        : nothing;
    if (!big) return html`<div class="stage-grid">${this.renderTiles(small)}</div>${pager}`;
    return html`<div class="stage-split" data-screen=${big.kind === 'screen' ? 'yes' : 'no'} ?data-alone=${small.length === 0}>
        <tc-tile .placed=${big} .isBig=${true}></tc-tile>
        ${small.length === 0 ? nothing : html`<div class="stage-strip">${this.renderTiles(small)}</div>`}
      </div>
      ${pager}`;
  }

  private renderTiles(placed: readonly Placed[]): unknown {
    return repeat(placed, ({ person, kind }) => `${kind}/${person.identity}`, (one) => html`<tc-tile .placed=${one} .isBig=${false}></tc-tile>`);
  }
}
