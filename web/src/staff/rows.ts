// Forms with rows: a button that adds or removes one posts the form; here the answer takes the form's place without a new page.

/** Forms with `data-rows`; their buttons with `data-in-place` do not leave the page. Anything unexpected posts as usual. */
export function startRows(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!(form instanceof HTMLFormElement) || form.dataset['rows'] === undefined) return;
    if (!(button instanceof HTMLButtonElement) || button.dataset['inPlace'] === undefined) return;
    event.preventDefault();
    void swap(form, button);
  });
}

async function swap(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  try {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form, button)) if (typeof value === 'string') fields.append(name, value);
    const answer = await fetch(form.action, { method: 'POST', body: fields });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const drawn = page.getElementById(form.id);
    if (!answer.ok || answer.redirected || drawn === null) throw new Error('not the form');
    form.replaceWith(document.adoptNode(drawn));
    drawn.querySelector<HTMLElement>('[autofocus]')?.focus();
  } catch {
    // Off the net, signed out: the plain way says what the matter is.
    delete button.dataset['inPlace'];
    form.requestSubmit(button);
  }
}
