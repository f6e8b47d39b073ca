// The one place that imports what the build made of the .po file.
import catalogue from 'virtual:catalogue';
import { startLanguage, type Catalogue } from './language.ts';

/** `more`: what only this page says. */
export const startPageLanguage = (more: Catalogue = {}): void => startLanguage(document.documentElement.lang, { ...catalogue, ...more });
