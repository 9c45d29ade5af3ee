// Checking in: reads the position when the button is pressed, sends, and keeps what could not be sent. Without this
// script the form sends a check-in without a position.
(() => {
  const form = document.getElementById('checkin');
  if (!form) return;
  const d = form.dataset;
  const said = document.getElementById('said');
  const choice = document.getElementById('terminal');
  const say = (text) => {
    said.textContent = text;
  };
  // This page may have been kept for times without a line: each press is a check-in of its own.
  form.elements.id.value = Outbox.id();

  // Presses whose position is still being found: the page must not be left for them.
  let pressing = 0;
  const flush = async () => {
    const result = await Outbox.flush(d.who);
    if (result.gone) {
      location.href = '/sign-in?next=/checkin';
      return;
    }
    for (const one of result.refused.filter((item) => item.kind === 'checkin')) {
      // Never to be stored: it is told and not tried for ever.
      say(d.failed);
      await Outbox.drop(one.id);
    }
    if (result.left) {
      say(d.queued.replace('{n}', result.left));
      await Outbox.later();
    } else if (result.sent.some((one) => one.item.kind === 'checkin') && !pressing) {
      location.href = '/checkin?done=1';
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
    const fields = Object.fromEntries(new FormData(form, event.submitter));
    for (const b of form.querySelectorAll('button')) b.disabled = true;
    say(d.waiting);
    pressing += 1;
    const at = Date.now();
    const fix = await locate();
    if (fix) {
      fields.latitude = String(fix.latitude);
      fields.longitude = String(fix.longitude);
      fields.accuracy = String(fix.accuracy);
    } else {
      say(d.denied);
    }
    fields.device_at = String(at);
    await Outbox.put({ id: fields.id, kind: 'checkin', url: '/checkin', who: d.who, fields, at });
    pressing -= 1;
    say(d.sending);
    form.elements.id.value = Outbox.id();
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
  Outbox.all(d.who).then((waiting) => waiting.length && flush());
  Outbox.install();
})();
