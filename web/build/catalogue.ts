// Reads gettext .po files: enough of the format for our own catalogues, which Babel writes.

export interface Entry {
  readonly id: string;
  readonly text: string;
  readonly places: readonly string[];
  readonly isFuzzy: boolean;
}

const unquote = (line: string): string => JSON.parse(line.slice(line.indexOf('"'))) as string;

function parseEntry(block: string): Entry {
  const fields = { id: '', text: '' };
  const places: string[] = [];
  let isFuzzy = false;
  let field: keyof typeof fields | undefined;
  for (const line of block.split('\n')) {
    if (line.startsWith('#:')) places.push(...line.slice(2).trim().split(/\s+/));
    else if (line.startsWith('#,')) isFuzzy ||= line.includes('fuzzy');
    else if (line.startsWith('msgid ')) fields[(field = 'id')] = unquote(line);
    else if (line.startsWith('msgstr ')) fields[(field = 'text')] = unquote(line);
    else if (line.startsWith('"') && field) fields[field] += unquote(line);
  }
  return { ...fields, places, isFuzzy };
}

/** All messages; the header (empty id) and obsolete entries (`#~`) are left out. */
export const parseCatalogue = (source: string): Entry[] =>
  source
    .split(/\n\s*\n/)
    .map(parseEntry)
    .filter((entry) => entry.id !== '');

/** The self-check's own folder: what only it says, no other page needs to load. */
const isOfCheck = (place: string): boolean => place.includes('/src/check/');

/** The messages that TypeScript uses, without those that only templates do: those of all pages, or those that only the self-check uses. */
export function scriptMessages(entries: readonly Entry[], page: 'all' | 'check' = 'all'): Record<string, string> {
  const wanted = entries.filter(({ text, isFuzzy, places }) => {
    const scripts = places.filter((place) => place.endsWith('.ts'));
    return text && !isFuzzy && scripts.length > 0 && scripts.every(isOfCheck) === (page === 'check');
  });
  return Object.fromEntries(wanted.map((entry) => [entry.id, entry.text]));
}
