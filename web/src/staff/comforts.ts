// Small comforts of the staff pages: a link copied by one press, a page printed by one press. Without them both are possible too.

/** Buttons with `data-copy="<id of a field>"` and `data-print` are hidden until this script shows them. */
export function startComforts(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const field = document.getElementById(button.dataset['copy'] ?? '');
    if (!(field instanceof HTMLInputElement)) continue;
    button.hidden = false;
    button.addEventListener('click', () => void copy(field, button));
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => print());
  }
}

async function copy(field: HTMLInputElement, button: HTMLButtonElement): Promise<void> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.dataset['done'] = '';
  } catch {
    // Not allowed outside https: the text stays selected, so that the usual keys copy it.
  }
}
