// Small comforts of the staff pages: a link copied and a page printed by one press, a file that is too large said before
// it is sent, with what was typed still there. Without them all of it is possible too.

const MOST_BYTES = 200_000; // MAX_UPLOAD_BYTES of server/pages/forms.py

/** Buttons with `data-copy="<id of a field>"` and `data-print` are hidden until this script shows them. */
export function startComforts(): void {
  const tooLarge = document.querySelector<HTMLElement>('[data-too-large]')?.dataset['tooLarge'] ?? '';
  for (const field of document.querySelectorAll<HTMLInputElement>('input[type=file]')) {
    field.addEventListener('change', () => {
      const isTooLarge = [...(field.files ?? [])].some(({ size }) => size > MOST_BYTES);
      field.setCustomValidity(isTooLarge ? tooLarge : '');
      if (isTooLarge) field.reportValidity();
    });
  }
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
