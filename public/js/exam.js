// Taking an exam: keeps each answer as it is given, shows the time that is left, and hands in when it is over.
// Without this script the form's own buttons do the same.
(() => {
  const form = document.getElementById('attempt');
  if (!form) return;
  const { id, left, saving, saved, unsaved, sure, minutes } = form.dataset;
  const status = document.getElementById('saved');
  const clock = document.getElementById('clock');
  const store = `attempt:${id}`;
  // What is not on the server yet, by the question's place. It outlives the page, in case the line or the phone fails.
  let waiting = {};
  try {
    waiting = JSON.parse(localStorage.getItem(store) || '{}');
  } catch {
    waiting = {};
  }
  const remember = () => {
    try {
      if (Object.keys(waiting).length) localStorage.setItem(store, JSON.stringify(waiting));
      else localStorage.removeItem(store);
    } catch {
      // A browser that keeps nothing still sends.
    }
  };
  const body = (field) => {
    const data = new URLSearchParams();
    data.set('position', field.dataset.q);
    for (const control of field.elements) {
      if (!control.name) continue;
      if ((control.type === 'radio' || control.type === 'checkbox') && !control.checked) continue;
      data.append(control.name, control.value);
    }
    return data.toString();
  };
  const answered = () => {
    const all = [...form.querySelectorAll('fieldset[data-q]')];
    const done = all.filter((field) =>
      [...field.elements].some((c) => c.type !== 'hidden' && (c.type === 'radio' || c.type === 'checkbox' ? c.checked : c.value.trim() !== '')),
    ).length;
    const count = document.getElementById('count');
    if (count) count.textContent = `${done} / ${all.length}`;
    return all.length - done;
  };
  // What was remembered and is not in the page yet.
  for (const text of Object.values(waiting)) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (!name.startsWith('a')) continue;
      for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (control.type === 'radio' || control.type === 'checkbox') control.checked = control.checked || control.value === value;
        else control.value = value;
      }
    }
  }
  let busy = false;
  const send = async () => {
    if (busy) return;
    const [position] = Object.keys(waiting);
    if (position === undefined) {
      status.textContent = saved;
      return;
    }
    busy = true;
    const text = waiting[position];
    status.textContent = saving;
    try {
      const answer = await fetch(`/attempts/${id}/answer`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
        body: text,
      });
      if (answer.ok) {
        if (waiting[position] === text) delete waiting[position];
        remember();
        busy = false;
        send();
        return;
      }
      // Over, or signed in no more: the page itself says which.
      if (answer.status === 409 || answer.status === 401 || answer.status === 404) {
        if (answer.status !== 401) waiting = {};
        remember();
        location.reload();
        return;
      }
    } catch {
      // No line: again later.
    }
    status.textContent = unsaved;
    busy = false;
    setTimeout(send, 4000);
  };
  let typing;
  const keep = (event, wait) => {
    const field = event.target.closest('fieldset[data-q]');
    if (!field) return;
    waiting[field.dataset.q] = body(field);
    remember();
    answered();
    clearTimeout(typing);
    typing = setTimeout(send, wait);
  };
  form.addEventListener('change', (event) => keep(event, 0));
  form.addEventListener('input', (event) => {
    if (event.target.matches('input[type="text"], textarea')) keep(event, 1200);
  });
  form.addEventListener('submit', (event) => {
    const open = answered();
    if (event.submitter?.value === 'submit' && open > 0 && !confirm(sure.replace('{n}', open))) event.preventDefault();
    else if (event.submitter?.value === 'submit') localStorage.removeItem(store);
  });
  document.addEventListener('visibilitychange', () => {
    const kind = document.hidden ? 'left' : 'back';
    fetch(`/attempts/${id}/event`, { method: 'POST', keepalive: true, body: new URLSearchParams({ kind }) }).catch(() => {});
  });
  window.addEventListener('online', send);
  answered();
  if (Object.keys(waiting).length) send();
  if (clock && left) {
    // By the server's clock: only how long is left comes from it, and the browser's counts from there.
    const end = performance.now() + Number(left);
    const tick = () => {
      const rest = Math.max(0, Math.round((end - performance.now()) / 1000));
      clock.textContent = minutes.replace('{m}', Math.floor(rest / 60)).replace('{s}', String(rest % 60).padStart(2, '0'));
      clock.classList.toggle('text-error', rest < 60);
      if (rest > 0) {
        setTimeout(tick, 500);
        return;
      }
      // What is on its way first; the server takes it for a few seconds more.
      setTimeout(() => location.reload(), 1500);
    };
    tick();
  }
})();
