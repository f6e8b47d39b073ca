// The one place that imports what the build made of the .po file.
import catalogue from 'virtual:catalogue';
import { startLanguage } from './language.ts';

export const startPageLanguage = (): void => startLanguage(document.documentElement.lang, catalogue);
