// Recording a visit: keeps the draft on the phone, brings the people of another terminal, opens material and times it,
// records a voice note, hints at words that want another form, and sends through the outbox.
(() => {
  const form = document.getElementById('visit');
  if (!form) return;
  const d = form.dataset;
  const said = document.getElementById('said');
  const people = document.getElementById('people');
  const note = form.elements.note;
  // Who was asked for by the address has a draft of their own.
  const DRAFT = `visit-draft:${d.who}${location.search}`;
  // Between sending and the next record nothing is kept any more.
  let sent = false;
  let touched = false;
  const say = (text) => {
    said.textContent = text;
  };
  for (const button of document.querySelectorAll('.needs-script')) button.hidden = false;
  // This page may have been kept for times without a line: each opening is a record of its own.
  form.elements.id.value = Outbox.id();

  // What was typed and tapped, and what can be tapped, so that it stands again without a line.
  const values = () => {
    const out = {};
    for (const [name, value] of new FormData(form)) (out[name] ||= []).push(value);
    return out;
  };
  const fill = (kept) => {
    for (const control of form.elements) {
      // A record's id is never that of another.
      if (!control.name || control.name === 'id' || control.type === 'file') continue;
      const given = kept[control.name];
      if (control.type === 'checkbox' || control.type === 'radio') control.checked = Boolean(given?.includes(control.value));
      else if (given) control.value = given[0];
    }
  };
  const chip = (id, label) => {
    const tap = document.createElement('label');
    tap.className = 'chip';
    const input = Object.assign(document.createElement('input'), { type: 'checkbox', name: 'hcp', value: id, className: 'sr-only' });
    const face = Object.assign(document.createElement('span'), { className: 'btn min-h-11 font-normal', textContent: label });
    tap.append(input, face);
    return tap;
  };
  const offer = (list) => {
    people.replaceChildren(...list.map(([id, label]) => chip(id, label)));
    if (!list.length) people.append(Object.assign(document.createElement('p'), { className: 'text-base-content/70', textContent: d.none }));
  };
  const offered = () => [...people.querySelectorAll('input')].map((input) => [input.value, input.nextElementSibling.textContent]);
  const keep = () => {
    if (sent) return;
    try {
      localStorage.setItem(DRAFT, JSON.stringify({ fields: values(), people: offered() }));
    } catch {
      // A browser that keeps nothing.
    }
  };
  const forget = () => {
    try {
      localStorage.removeItem(DRAFT);
    } catch {
      // There is nothing.
    }
  };
  const restore = (kept) => {
    if (kept.people?.length) offer(kept.people);
    fill(kept.fields);
    hint();
  };

  // Words that want another form.
  const words = JSON.parse(d.words || '{}');
  const number = /(^|\D)(1[3-9]\d{9}|\d{17}[\dXx])(?![\dXx])/;
  const hints = document.getElementById('hints');
  const hint = () => {
    const text = `${note.value}\n${form.elements.wish.value}`.toLowerCase();
    const found = Object.entries(words).filter(
      ([kind, one]) => one.words.some((word) => text.includes(word)) || (kind === 'personal_data' && number.test(text)),
    );
    hints.replaceChildren(
      ...found.map(([kind, one]) => {
        const line = Object.assign(document.createElement('p'), { className: 'rounded-box bg-warning/20 p-3 text-sm', textContent: one.label });
        if (kind === 'adverse_event') {
          const hcp = form.querySelector('input[name="hcp"]:checked')?.value || '';
          const link = Object.assign(document.createElement('a'), {
            className: 'btn btn-sm btn-warning ms-2 min-h-10',
            textContent: d.report,
            target: '_blank',
            href: `/adverse-events/new?hcp=${encodeURIComponent(hcp)}&visit=${encodeURIComponent(form.elements.id.value)}`,
          });
          line.append(link);
        }
        return line;
      }),
    );
  };
  form.addEventListener('input', () => {
    touched = true;
    hint();
    keep();
  });

  // People of another terminal.
  form.elements.terminal.addEventListener('change', async () => {
    try {
      const list = await (await fetch(`/visits/people?terminal=${encodeURIComponent(form.elements.terminal.value)}`)).json();
      offer(list.map(([id, name, department]) => [id, department ? `${name} ${department}` : name]));
    } catch {
      // Without a line those of before stay, to be chosen from.
    }
    keep();
  });

  // Material is opened here, and the seconds it stands open are kept.
  const reader = document.getElementById('reader');
  const shown = document.getElementById('material');
  let open;
  for (const button of form.querySelectorAll('[data-material]')) {
    button.addEventListener('click', async () => {
      const id = button.dataset.material;
      button.disabled = true;
      try {
        const response = await fetch(`/visits/materials/${id}`);
        if (!response.ok) throw new Error(String(response.status));
        shown.innerHTML = await response.text();
        reader.showModal();
        open = { id, since: Date.now() };
        form.querySelector(`input[name="material"][value="${id}"]`).checked = true;
      } catch {
        say(d.noline);
      }
      button.disabled = false;
    });
  }
  reader.addEventListener('close', () => {
    if (!open) return;
    const field = form.elements[`seconds:${open.id}`];
    field.value = String((Number(field.value) || 0) + Math.round((Date.now() - open.since) / 1000));
    const button = form.querySelector(`[data-material="${open.id}"]`);
    button.textContent = d.seconds.replace('{n}', field.value);
    open = undefined;
    shown.replaceChildren();
    keep();
  });

  // A voice note of at most two minutes.
  const voice = document.getElementById('voice');
  const heard = document.getElementById('heard');
  let recorder;
  let file;
  if (globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia) voice.hidden = false;
  voice.addEventListener('click', async () => {
    if (recorder?.state === 'recording') {
      recorder.stop();
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const pieces = [];
      recorder = new MediaRecorder(stream);
      recorder.ondataavailable = (event) => pieces.push(event.data);
      recorder.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        file = new Blob(pieces, { type: recorder.mimeType });
        heard.src = URL.createObjectURL(file);
        heard.hidden = false;
        voice.textContent = d.record;
      };
      recorder.start();
      voice.textContent = d.stop;
      setTimeout(() => recorder.state === 'recording' && recorder.stop(), 120000);
    } catch {
      // Not allowed, or no microphone: the text does.
      say(d.nomic);
    }
  });

  // The day that was typed, or the one that was tapped: never both.
  form.elements.next_day.addEventListener('change', () => {
    if (form.elements.next_day.value) for (const tap of form.querySelectorAll('input[name="next"]')) tap.checked = false;
  });
  for (const tap of form.querySelectorAll('input[name="next"]')) {
    tap.addEventListener('change', () => {
      form.elements.next_day.value = '';
    });
  }

  const flush = async () => settle(await Outbox.flush(d.who));
  const settle = async (result) => {
    if (result.gone) {
      location.href = '/sign-in?next=/visits/new';
      return;
    }
    const refused = result.refused.find((one) => one.kind === 'visit');
    if (refused) {
      // What is being typed is not overwritten: the other stands in the form when the page is opened again.
      if (touched) tell(refused);
      else back(refused);
      return;
    }
    if (result.left) {
      say(d.queued.replace('{n}', result.left));
      await Outbox.later();
      return;
    }
    const mine = result.sent.filter((one) => one.item.kind === 'visit');
    if (!mine.length) return;
    if (touched) say(d.delivered.replace('{n}', mine.length));
    else location.href = mine[0].answer?.id ? `/visits/${mine[0].answer.id}?done=notice.visit_recorded` : '/visits';
  };
  const tell = (item) => {
    const box = document.getElementById('refused');
    box.textContent = item.refused?.message || '';
    box.hidden = !box.textContent;
    return box;
  };

  // What the server refused stands in the form again, with what is wrong; saved again it goes under the same id.
  const back = (item) => {
    restore({ fields: item.fields, people: item.people });
    form.elements.id.value = item.id;
    file = item.file;
    sent = false;
    tell(item).scrollIntoView({ block: 'center' });
    say('');
    for (const b of form.querySelectorAll('button')) b.disabled = false;
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (button) button.disabled = true;
    if (recorder?.state === 'recording') {
      const stopped = new Promise((done) => recorder.addEventListener('stop', done, { once: true }));
      recorder.stop();
      await stopped;
    }
    document.getElementById('refused').hidden = true;
    const at = Date.now();
    form.elements.device_at.value = String(at);
    const fields = values();
    const id = form.elements.id.value;
    const kept = await Outbox.put({ id, kind: 'visit', url: '/visits', who: d.who, fields, people: offered(), multipart: true, file, at });
    sent = true;
    touched = false;
    // A browser that keeps nothing keeps the draft at least.
    if (kept) forget();
    say(d.sending);
    await flush();
    if (button) button.disabled = false;
    if (kept && (await Outbox.all(d.who, 'visit')).some((one) => one.id === id && !one.refused)) {
      // It waits in the phone: the form is free for the next one.
      form.reset();
      for (const control of form.elements) if (control.name === 'plan' || control.name.startsWith('seconds:')) control.value = '';
      for (const opener of form.querySelectorAll('[data-material]')) opener.textContent = d.open;
      form.elements.id.value = Outbox.id();
      file = undefined;
      heard.hidden = true;
      hints.replaceChildren();
      sent = false;
    }
  });

  (async () => {
    const waiting = await Outbox.all(d.who);
    const refused = waiting.find((one) => one.kind === 'visit' && one.refused);
    if (refused) {
      back(refused);
    } else {
      try {
        const draft = JSON.parse(localStorage.getItem(DRAFT) || 'null');
        if (draft) {
          restore(draft);
          say(d.draft);
        }
      } catch {
        // No draft.
      }
    }
    if (waiting.some((one) => !one.refused)) flush();
  })();
  window.addEventListener('online', flush);
  Outbox.listen(d.who, settle);
  Outbox.install();
})();
