// The two sides: a colour, a shape and a word each, never a colour alone.
import { html, svg, nothing, type TemplateResult } from 'lit';
import { language, m, t } from '../i18n/language.ts';
import type { Side } from '../lesson/lesson.ts';

export const SIDE_NAMES: Readonly<Record<Side, string>> = { tw: m('Taiwan'), us: m('United States') };

/** A round persimmon for Taiwan, a teal diamond for the United States. */
export function sideMark(side: Side | undefined): TemplateResult | typeof nothing {
  if (!side) return nothing;
  const shape = side === 'tw' ? svg`<circle cx="8" cy="8" r="7" />` : svg`<path d="M8 0.5 15.5 8 8 15.5 0.5 8Z" />`;
  return html`<svg class="side-mark" data-side=${side} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">${shape}</svg>`;
}

export const sideLabel = (side: Side | undefined): TemplateResult | typeof nothing =>
  side ? html`<span class="side-label" data-side=${side}>${sideMark(side)}<span lang=${language()}>${t(SIDE_NAMES[side])}</span></span>` : nothing;
