// One build for every page: hashed files and a manifest that server/pages/assets.py reads.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { parseCatalogue, scriptMessages } from './build/catalogue.ts';

const CATALOGUE = new URL('./locales/zh_Hant_TW/LC_MESSAGES/messages.po', import.meta.url);

// By its path: the package exports only the whole.
const WEB_SOCKET = fileURLToPath(new URL('./node_modules/engine.io-client/build/esm/transports/websocket.js', import.meta.url));

/** Serves the Chinese side of the gettext catalogue (only what TypeScript uses) as two modules. English is the source text. */
function catalogue(): Plugin {
  const pages = { '\0virtual:catalogue': 'all', '\0virtual:catalogue/check': 'check' } as const;
  return {
    name: 'tongchuang-catalogue',
    resolveId: (source) => (`\0${source}` in pages ? `\0${source}` : null),
    load(loaded) {
      const page = pages[loaded as keyof typeof pages];
      return page && `export default ${JSON.stringify(scriptMessages(parseCatalogue(readFileSync(CATALOGUE, 'utf8')), page))};`;
    },
  };
}

/** The classroom speaks over WebSocket only (src/classroom/wire.ts): socket.io's other ways to connect stay out of the page. */
function webSocketOnly(): Plugin {
  const id = '\0socket-io-transports';
  return {
    name: 'tongchuang-web-socket-only',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!importer?.includes('/engine.io-client/') || source !== './transports/index.js') return null;
      return id;
    },
    load: (loaded) =>
      loaded === id ? `import { WS } from ${JSON.stringify(WEB_SOCKET)}; export const transports = { websocket: WS };` : null,
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/static/',
  plugins: [catalogue(), webSocketOnly()],
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
