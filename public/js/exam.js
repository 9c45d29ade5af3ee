// Taking an exam: keeps each answer as it is given, shows the time that is left, and hands in when it is over.
// Without this script the form's own buttons do the same.
(() => {
  const kept = (id) => `attempt:${id}`;
  const over = document.getElementById('attempt-done');
  if (over) {
    // Nothing is taken any more: what was remembered has no further use.
    try {
      localStorage.removeItem(kept(over.dataset.id));
    } catch {
      // A browser that keeps nothing.
    }
    return;
  }
  const form = document.getElementById('attempt');
  if (!form) return;
  const { id, left, saving, saved, unsaved, sure, minutes } = form.dataset;
  const status = document.getElementById('saved');
  const clock = document.getElementById('clock');
  const fields = [...form.querySelectorAll('fieldset[data-q]')];
  const ticks = (control) => control.type === 'radio' || control.type === 'checkbox';

  // What is not on the server yet, by the question's place. It outlives the page, in case the line or the phone fails.
  let waiting = {};
  try {
    waiting = JSON.parse(localStorage.getItem(kept(id)) || '{}');
  } catch {
    waiting = {};
  }
  const remember = () => {
    try {
      if (Object.keys(waiting).length) localStorage.setItem(kept(id), JSON.stringify(waiting));
      else localStorage.removeItem(kept(id));
    } catch {
      // A browser that keeps nothing still sends.
    }
  };
  const body = (field) => {
    const data = new URLSearchParams();
    data.set('position', field.dataset.q);
    for (const control of field.elements) {
      if (control.name && (!ticks(control) || control.checked)) data.append(control.name, control.value);
    }
    return data.toString();
  };
  // Counts what is answered, and returns how many questions are still open.
  const count = () => {
    const done = fields.filter((field) =>
      [...field.elements].some((c) => c.type !== 'hidden' && (ticks(c) ? c.checked : c.value.trim() !== '')),
    ).length;
    document.getElementById('count').textContent = `${done} / ${fields.length}`;
    return fields.length - done;
  };
  for (const field of fields) {
    const text = waiting[field.dataset.q];
    if (text === undefined) continue;
    const values = new URLSearchParams(text);
    for (const control of field.elements) {
      if (!control.name || control.type === 'hidden') continue;
      if (ticks(control)) control.checked = values.getAll(control.name).includes(control.value);
      else control.value = values.get(control.name) ?? '';
    }
  }

  // Whether the page is being left by its own doing, which is not leaving the exam.
  let leaving = false;
  const reload = () => {
    leaving = true;
    location.reload();
  };
  let busy = false;
  let again;
  const send = async () => {
    clearTimeout(again);
    if (busy) return;
    const [position] = Object.keys(waiting);
    if (position === undefined) {
      status.textContent = saved;
      return;
    }
    busy = true;
    status.textContent = saving;
    const text = waiting[position];
    let wait = 4000;
    try {
      const answer = await fetch(`/attempts/${id}/answer`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
        body: text,
        signal: AbortSignal.timeout?.(15000),
      });
      // Over, or signed in no more: the page itself says which.
      if (answer.status === 409 || answer.status === 401) {
        reload();
        return;
      }
      if (answer.ok) {
        if (waiting[position] === text) delete waiting[position];
        remember();
        wait = 0;
      }
    } catch {
      // No line: again later.
    }
    busy = false;
    if (wait === 0) {
      send();
      return;
    }
    status.textContent = unsaved;
    again = setTimeout(send, wait);
  };

  let typing;
  let typed = 0;
  const keep = (event, pause) => {
    const field = event.target.closest('fieldset[data-q]');
    if (!field) return;
    waiting[field.dataset.q] = body(field);
    remember();
    count();
    // "Saved" is not said of words that still wait for the pause.
    status.textContent = saving;
    // A pause in typing, but at the latest every five seconds.
    typed ||= Date.now();
    clearTimeout(typing);
    typing = setTimeout(() => {
      typed = 0;
      send();
    }, Math.max(0, Math.min(pause, typed + 5000 - Date.now())));
  };
  form.addEventListener('change', (event) => keep(event, 0));
  form.addEventListener('input', (event) => {
    if (event.target.matches('input[type="text"], textarea')) keep(event, 1200);
  });

  form.addEventListener('submit', (event) => {
    const open = count();
    if (event.submitter?.value === 'submit' && open > 0 && !confirm(sure.replace('{n}', open))) {
      event.preventDefault();
      return;
    }
    leaving = true;
    // Only what the server lacks goes along: it may have newer answers, from another device, to the rest.
    for (const field of fields) field.disabled = waiting[field.dataset.q] === undefined;
    if (!form.elements.scripted) {
      form.insertAdjacentHTML('beforeend', '<input type="hidden" name="scripted" value="1">');
    }
  });
  window.addEventListener('pageshow', () => {
    leaving = false;
    for (const field of fields) field.disabled = false;
  });
  document.addEventListener('visibilitychange', () => {
    if (leaving) return;
    const kind = document.hidden ? 'left' : 'back';
    fetch(`/attempts/${id}/event`, { method: 'POST', keepalive: true, body: new URLSearchParams({ kind }) }).catch(() => {});
  });
  window.addEventListener('online', send);
  count();
  if (Object.keys(waiting).length) send();

  if (clock && left) {
    // By the server's clock: only how long is left comes from it, and the browser's counts from there.
    const end = Date.now() + Number(left);
    const tick = () => {
      const rest = Math.max(0, Math.round((end - Date.now()) / 1000));
      clock.textContent = minutes.replace('{m}', Math.floor(rest / 60)).replace('{s}', String(rest % 60).padStart(2, '0'));
      clock.classList.toggle('text-error', rest < 60);
      if (rest > 0) {
        setTimeout(tick, 500);
        return;
      }
      // What is on its way first; the server takes it for a few seconds more.
      clearTimeout(typing);
      send();
      const settle = () => {
        const waited = Date.now() - end;
        if (waited > 8000 || (waited > 1000 && !Object.keys(waiting).length)) reload();
        else setTimeout(settle, 300);
      };
      settle();
    };
    tick();
  }
})();
