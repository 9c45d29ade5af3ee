// Checking in: reads the position when the button is pressed, sends, and keeps what could not be sent. Without this
// script the form sends a check-in without a position.
(() => {
  const form = document.getElementById('checkin');
  if (!form) return;
  const d = form.dataset;
  const said = document.getElementById('said');
  const choice = document.getElementById('terminal');
  const KEY = 'checkins';

  // What waits to be sent, oldest first, each with who pressed. It outlives the page and the browser, where the browser
  // keeps anything.
  let kept = [];
  let full = false;
  const all = () => {
    if (full) return kept;
    try {
      return JSON.parse(localStorage.getItem(KEY) || '[]');
    } catch {
      return kept;
    }
  };
  const write = (list) => {
    kept = list;
    try {
      if (list.length) localStorage.setItem(KEY, JSON.stringify(list));
      else localStorage.removeItem(KEY);
      full = false;
    } catch {
      // It is sent while the page stands.
      full = true;
    }
  };
  // Somebody else's wait until they sign in on this phone again.
  const read = () => all().filter((one) => one.who === d.who);
  const say = (text) => {
    said.textContent = text;
  };

  let sending = false;
  // Presses whose position is still being found: the page must not be left for them.
  let pressing = 0;
  // Sends what waits, one after the other; each has an id, so that one that arrived twice is stored once.
  const flush = async () => {
    if (sending) return;
    sending = true;
    let sent = 0;
    try {
      for (let list = read(); list.length; list = read()) {
        const response = await fetch('/checkin', { method: 'POST', body: new URLSearchParams({ ...list[0], scripted: '1' }) });
        if (response.status === 401) {
          location.href = '/sign-in?next=/checkin';
          return;
        }
        if (!response.ok && (response.status >= 500 || response.status === 429)) throw new Error(String(response.status));
        // The terminal is no longer one's own: the check-in counts without it.
        if (response.status === 404 && list[0].terminal) {
          write(all().map((one) => (one.id === list[0].id ? { ...one, terminal: '' } : one)));
          continue;
        }
        // Stored, or never to be stored: what the server refuses is told and not tried for ever.
        if (!response.ok) say(d.failed);
        else sent += 1;
        write(all().filter((one) => one.id !== list[0].id));
      }
      if (sent && !pressing) location.href = '/checkin?done=1';
    } catch {
      say(d.queued.replace('{n}', read().length));
    } finally {
      sending = false;
    }
  };

  const locate = () =>
    new Promise((done) => {
      if (!navigator.geolocation) {
        done(null);
        return;
      }
      navigator.geolocation.getCurrentPosition((fix) => done(fix.coords), () => done(null), {
        enableHighAccuracy: true,
        timeout: 15000,
        maximumAge: 10000,
      });
    });

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = event.submitter;
    const fields = Object.fromEntries(new FormData(form, button));
    for (const b of form.querySelectorAll('button')) b.disabled = true;
    say(d.waiting);
    pressing += 1;
    const fix = await locate();
    if (fix) {
      fields.latitude = String(fix.latitude);
      fields.longitude = String(fix.longitude);
      fields.accuracy = String(fix.accuracy);
    } else {
      say(d.denied);
    }
    fields.device_at = String(Date.now());
    fields.who = d.who;
    const list = all();
    if (!list.some((one) => one.id === fields.id)) write([...list, fields]);
    pressing -= 1;
    say(d.sending);
    // Another press is another check-in.
    form.elements.id.value = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
    await flush();
    for (const b of form.querySelectorAll('button')) b.disabled = false;
  });

  // The nearest first, once the browser may tell where it is without being asked anew.
  navigator.permissions
    ?.query({ name: 'geolocation' })
    .then(async (state) => {
      if (state.state !== 'granted') return;
      const fix = await locate();
      if (!fix) return;
      const near = await (await fetch(`/checkin/near?lat=${fix.latitude}&long=${fix.longitude}`)).json();
      const names = new Map(near.map(([id, name, metres]) => [id, metres === null ? name : `${name}（${d.metres.replace('{n}', Math.round(metres))}）`]));
      const known = new Set([...choice.options].map((o) => o.value));
      for (const [id, name] of near) if (!known.has(id)) choice.append(new Option(name, id));
      const options = [...choice.options].filter((o) => o.value);
      const order = [...names.keys()];
      options.sort((a, b) => (order.indexOf(a.value) + 1 || 1e6) - (order.indexOf(b.value) + 1 || 1e6));
      for (const option of options) {
        if (names.has(option.value)) option.textContent = names.get(option.value);
        choice.append(option);
      }
    })
    .catch(() => {});

  window.addEventListener('online', flush);
  if (read().length) flush();
})();
