// One build for every page: hashed files and a manifest that server/pages/assets.py reads.
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';
import { parseCatalogue, scriptMessages } from './build/catalogue.ts';

const CATALOGUE = new URL('./locales/zh_Hant_TW/LC_MESSAGES/messages.po', import.meta.url);

/** Serves the Chinese side of the gettext catalogue (only what TypeScript uses) as a module. English is the source text. */
function catalogue(): Plugin {
  const id = 'virtual:catalogue';
  return {
    name: 'tongchuang-catalogue',
    resolveId: (source) => (source === id ? `\0${id}` : null),
    load: (loaded) =>
      loaded === `\0${id}`
        ? `export default ${JSON.stringify(scriptMessages(parseCatalogue(readFileSync(CATALOGUE, 'utf8'))))};`
        : null,
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/static/',
  plugins: [catalogue()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0, // the content security policy allows no data: fonts or scripts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // livekit-client is one piece; the budget counts what it weighs
    target: ['chrome110', 'firefox115', 'safari16.4'],
    rolldownOptions: {
      input: {
        site: 'src/pages/site.ts',
        hours: 'src/pages/hours.ts',
        lesson: 'src/pages/lesson.ts',
        check: 'src/pages/check.ts',
        classroom: 'src/pages/classroom.ts',
        staff: 'src/pages/staff.ts',
        lessons: 'src/pages/lessons.ts',
      },
    },
  },
});
